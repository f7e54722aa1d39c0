using System.Text.Json;

namespace SymRatchet.Tool.Bench;

/// <summary>The server of the tests: runs those that a client asks for, one after the other.</summary>
internal sealed class BenchServer(Action<string> say)
{
    private static readonly TimeSpan LongestTest = TimeSpan.FromHours(1);

    internal async Task ServeAsync(ISecureChannel channel, CancellationToken cancellationToken)
    {
        string client = $"{channel.Peer.ClientId} at {channel.RemoteEndPoint}";
        try
        {
            while (await channel.ReceiveMessageAsync(cancellationToken) is { } message)
            {
                BenchRequest request = Parse(message, channel.MaxMessageSize);
                await RunAsync(channel, request, cancellationToken);
                say($"{client}: {request.Test}, {Rates.Seconds(request.Seconds)}");
            }

            await channel.CloseAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            say($"{client}: {e.Message}");
        }
    }

    private static async Task RunAsync(
        ISecureChannel channel,
        BenchRequest request,
        CancellationToken cancellationToken
    )
    {
        await channel.SendAsync(default, cancellationToken);
        Task<BenchCount>? counting =
            request.Test == BenchTest.Download ? null : BenchFlow.CountAsync(channel, cancellationToken);
        if (request.Test != BenchTest.Upload)
            await BenchFlow.SendAsync(channel, request.Size, TimeSpan.FromSeconds(request.Seconds), cancellationToken);
        if (counting is null)
            return;
        await channel.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(await counting, ToolJson.Default.BenchCount),
            cancellationToken
        );
    }

    private static BenchRequest Parse(byte[] message, int mostBytes)
    {
        BenchRequest? request = JsonSerializer.Deserialize(message, ToolJson.Default.BenchRequest);
        if (
            request is null
            || !(request.Seconds > 0 && request.Seconds <= LongestTest.TotalSeconds)
            || request.Size < 1
            || request.Size > mostBytes
        )
            throw new JsonException("The client asked for a test that there is not.");
        return request;
    }
}
