using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using SymRatchet.AspNetCore;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// Requests over channels, several at a time, with bodies there and back, chunked and of known length; cancelled or
/// left at random moments. What is not cancelled succeeds to the byte.
/// </summary>
internal sealed class HttpScenario : IScenario
{
    public string Name => "http";

    public int Weight => 6;

    public async Task RunAsync(Step step)
    {
        Random random = step.Random;
        string id = step.Run.Identities.New(step, KeyEvolution.Forward, out PreSharedKey key);
        using PreSharedKey own = key;
        bool isHttp2 = random.Next(3) == 0;
        int ending = random.Next(6); // 0: revoked; 1: the client is disposed; else in order
        Connection connection = new($"HTTP/{(isHttp2 ? 2 : 1)}, ending {ending}", () => step.Now);
        // A client that is disposed as its first request begins may leave a pool behind, and a connection in it until
        // it has been idle for long. (Seen with plain HttpClient and Kestrel too: once in 100,000 clients.)
        SocketsHttpHandler handler = new() { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) };
        HttpClient client = new(
            handler.UseSymRatchet(
                new SecureChannelClientOptions
                {
                    Key = key,
                    LoggerFactory = step.Run.Log,
                    SendBeforeConfirm = random.Next(3) == 0,
                }
            )
        )
        {
            BaseAddress = isHttp2 ? step.Run.Web.Http2 : step.Run.Web.Http1,
            DefaultRequestVersion = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (ending < 2)
            connection.AllowFailure();
        Random[] randoms = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => step.NewRandom())];
        Task[] working = [.. randoms.Select(each => Task.Run(() => WorkAsync(step, connection, client, each)))];
        if (ending < 2)
        {
            await Task.Delay(random.Next(60));
            connection.End();
            if (ending == 0)
                await step.Run.Identities.RevokeAsync(step, id);
            else
                client.Dispose();
        }

        await Task.WhenAll(working);
        if (ending == 0)
            await MustBeRefusedAsync(step, connection, client);
        client.Dispose();
        await step.Run.Identities.DropLaterAsync(step, id);
    }

    private static async Task WorkAsync(Step step, Connection connection, HttpClient client, Random random)
    {
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            CancellationToken token = random.Next(2) == 0 ? Step.Soon(random) : default;
            try
            {
                await step.CallAsync(
                    "a request",
                    connection,
                    token,
                    async ValueTask<bool> () =>
                    {
                        await RequestAsync(step, connection, client, random, token);
                        return true;
                    }
                );
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested || connection.MayFail) { }
            catch (Exception e)
                when (connection.MayFail && e is HttpRequestException or IOException or ObjectDisposedException) { }
            catch (Exception e)
            {
                // Cancelled, a request may say so in its own words, where the token struck a stream below.
                if (!(token.IsCancellationRequested && e is HttpRequestException or IOException))
                    step.Fail($"a request threw {e}", connection);
            }
        }
    }

    private static async Task RequestAsync(
        Step step,
        Connection connection,
        HttpClient client,
        Random random,
        CancellationToken token
    )
    {
        string key = random.NextInt64().ToString(CultureInfo.InvariantCulture);
        long count = random.Next(3) switch
        {
            0 => random.Next(2_000),
            1 => random.Next(100_000),
            _ => random.Next(2_000_000),
        };
        int kind = random.Next(3);
        bool hasLength = random.Next(2) == 0;
        using HttpRequestMessage request = new(
            kind == 0 ? HttpMethod.Get : HttpMethod.Post,
            string.Create(
                CultureInfo.InvariantCulture,
                $"/{(kind == 0 ? "bytes" : kind == 1 ? "take" : "echo")}/{key}/{count}{(hasLength ? "?length" : "")}"
            )
        );
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = client.DefaultVersionPolicy;
        if (kind > 0)
            request.Content = new PatternContent(ulong.Parse(key, CultureInfo.InvariantCulture), count, hasLength);
        using HttpResponseMessage response = await client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            token
        );
        if (response.StatusCode != HttpStatusCode.OK)
        {
            step.Fail($"a request was answered by {response.StatusCode}", connection);
            return;
        }

        if (kind == 1)
        {
            string answer = await response.Content.ReadAsStringAsync(token);
            if (answer != count.ToString(CultureInfo.InvariantCulture))
                step.Fail($"{count} bytes were sent, and {answer} counted", connection);
            return;
        }

        Direction direction = new(ulong.Parse(key, CultureInfo.InvariantCulture));
        direction.Offer(count);
        long leaveAt = random.Next(4) == 0 ? random.NextInt64(count + 1) : long.MaxValue;
        byte[] block = new byte[random.Next(1, 100_000)];
        await using Stream body = await response.Content.ReadAsStreamAsync(token);
        while (direction.Received < leaveAt)
        {
            int read = await body.ReadAsync(block, token);
            if ((read == 0 ? direction.TakeEnd() : direction.Take(block.AsSpan(0, read))) is { } wrong)
                step.Fail($"{request.RequestUri}: {wrong}", connection);
            if (read == 0)
                break;
        }

        step.Run.Count(direction.Received);
    }

    private static async Task MustBeRefusedAsync(Step step, Connection connection, HttpClient client)
    {
        // Longer than a revocation may take, and the server complains of what it serves.
        for (int i = 0; i < 6; i++)
        {
            await Task.Delay(500);
            try
            {
                await step.CallAsync(
                    "a request",
                    connection,
                    default,
                    async ValueTask<bool> () =>
                    {
                        await RequestAsync(step, connection, client, step.Random, default);
                        return true;
                    }
                );
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException) { }
        }
    }

    /// <summary>A body of known bytes, in pieces of random sizes.</summary>
    private sealed class PatternContent : HttpContent
    {
        private readonly Direction _direction;
        private readonly long _count;
        private readonly bool _hasLength;

        internal PatternContent(ulong key, long count, bool hasLength)
        {
            _direction = new Direction(key);
            _count = count;
            _hasLength = hasLength;
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context,
            CancellationToken cancellationToken
        )
        {
            byte[] block = new byte[40_000];
            while (_direction.Offered < _count)
            {
                Memory<byte> piece = block.AsMemory(0, (int)Math.Min(_count - _direction.Offered, block.Length));
                _direction.Offer(piece.Span);
                await stream.WriteAsync(piece, cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _count;
            return _hasLength;
        }
    }
}
