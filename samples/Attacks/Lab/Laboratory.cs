using System.Buffers;
using System.Text;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>
/// Where an attack is tried: an honest server, honest clients for it, and the wire between them. The server is the
/// laboratory's own, or a live one, of which only the wire is seen.
/// </summary>
public sealed class Laboratory : IAsyncDisposable
{
    /// <summary>What the laboratory's server answers to every message.</summary>
    internal static readonly byte[] Answer = "Aggregated: 1.00"u8.ToArray();

    /// <summary>How long a refusal may take to show: an answer that does not come is waited for this long.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly ClientKeys _keys;
    private readonly LabServer? _own;
    private readonly LabKeyStore _store;

    public Laboratory(ChannelProtocol protocol, ClientKeys keys, Endpoint? live)
    {
        _keys = keys;
        _store = new LabKeyStore(ChannelRole.Server, keys.Ids.Select(KeyOf));
        Format = WireFormat.Of(protocol);
        if (live is null)
            _own = StartServer();
        Server = live ?? _own!.Endpoint;
    }

    public ChannelProtocol Protocol => Format.Protocol;

    public WireFormat Format { get; }

    public Endpoint Server { get; }

    /// <summary>The id of the client whom the attacker picks on.</summary>
    public ClientId Victim => _keys.Ids.First();

    /// <summary>The id of another honest client.</summary>
    public ClientId Other =>
        _keys.Ids.Count > 1
            ? _keys.Ids.ElementAt(1)
            : throw new SampleException("this attack needs the keys of two clients");

    /// <summary>What reached the server's application so far; null for a live server, which does not tell.</summary>
    public IReadOnlyCollection<string>? Delivered => _own?.Delivered;

    /// <summary>The store of the laboratory's own server.</summary>
    internal LabKeyStore ServerStore => _store;

    public PreSharedKey KeyOf(ClientId id) =>
        _keys.TryFind(id, out PreSharedKey? key) ? key : throw new SampleException($"there is no key for client {id}");

    public ManInTheMiddle Intercept(Tamper? tamper = null) => ManInTheMiddle.Start(Server, Format, tamper);

    public async Task<FrameStream> ConnectRawAsync(CancellationToken cancellationToken) =>
        new(await Server.ConnectAsync(cancellationToken), Format);

    /// <summary>One more server with the same keys, or with others.</summary>
    internal LabServer StartServer(IKeyStore? keys = null, TimeSpan? handshakeTimeout = null)
    {
        SecureChannelServerOptions options = new() { Protocol = Protocol, Keys = keys ?? _store };
        if (handshakeTimeout is { } limit)
            options.HandshakeTimeout = limit;
        return new LabServer(options);
    }

    /// <summary>How the server's next session ended; for the laboratory's own server.</summary>
    internal async Task<ServedSession> NextEndAsync(CancellationToken cancellationToken) =>
        await _own!.Ended.ReadAsync(cancellationToken).AsTask().WaitAsync(Timeout, cancellationToken);

    /// <summary>
    /// An honest client's visit: connect, send each message and wait for its answer. Ends without a word where the
    /// channel fails.
    /// </summary>
    public Task<Visit> VisitAsync(
        Endpoint endpoint,
        PreSharedKey key,
        string[] messages,
        CancellationToken cancellationToken
    ) =>
        VisitAsync(
            endpoint,
            new SecureChannelClientOptions { Protocol = Protocol, Key = key },
            messages,
            cancellationToken
        );

    internal static async Task<Visit> VisitAsync(
        Endpoint endpoint,
        SecureChannelClientOptions options,
        string[] messages,
        CancellationToken cancellationToken
    )
    {
        List<string> answers = [];
        long epoch = 0;
        SecureChannelError? failure = await HonestlyAsync(
            endpoint,
            options,
            async (channel, limit) =>
            {
                epoch = channel.Peer.Epoch;
                ArrayBufferWriter<byte> answer = new();
                foreach (string message in messages)
                {
                    await channel.SendAsync(Encoding.ASCII.GetBytes(message), limit);
                    answer.ResetWrittenCount();
                    if (!await channel.ReceiveAsync(answer, limit))
                        return;
                    answers.Add(Encoding.ASCII.GetString(answer.WrittenSpan));
                }

                await channel.CloseAsync(limit);
            },
            cancellationToken
        );
        return new Visit(answers, epoch, failure);
    }

    /// <summary>An honest client of v1 that sends its messages before it looks for an answer.</summary>
    public Task SendAtOnceAsync(Endpoint endpoint, string[] messages, CancellationToken cancellationToken)
    {
        SecureChannelClientOptions options = new() { Protocol = Protocol, Key = KeyOf(Victim) };
        return HonestlyAsync(
            endpoint,
            options,
            async (channel, limit) =>
            {
                foreach (string message in messages)
                    await channel.WriteAsync(Encoding.ASCII.GetBytes(message), limit);
                await channel.FlushAsync(limit);
                await channel.ReceiveAsync(new ArrayBufferWriter<byte>(), limit);
            },
            cancellationToken
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_own is not null)
            await _own.DisposeAsync();
        _store.Dispose();
    }

    // What gets in an honest client's way is the attack; what came of it is what counts.
    private static async Task<SecureChannelError?> HonestlyAsync(
        Endpoint endpoint,
        SecureChannelClientOptions options,
        Func<ISecureChannel, CancellationToken, Task> visit,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(
                await endpoint.ConnectAsync(limit.Token),
                options,
                limit.Token
            );
            await visit(channel, limit.Token);
            return null;
        }
        catch (SecureChannelException e)
        {
            return e.Error;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SecureChannelError.Timeout;
        }
    }
}
