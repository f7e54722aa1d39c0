using System.Buffers;
using System.Text;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>
/// Where an attack is tried: an honest server, honest clients for it, and the wire between them. The server is the laboratory's
/// own, or a live one, of which only the wire is seen.
/// </summary>
public sealed class Laboratory : IAsyncDisposable
{
    /// <summary>How long a refusal may take to show: an answer that does not come is waited for this long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ClientKeys _keys;
    private readonly LabServer? _own;

    public Laboratory(ChannelProtocol protocol, ClientKeys keys, Endpoint? live)
    {
        _keys = keys;
        Format = WireFormat.Of(protocol);
        if (live is null)
        {
            _own = new LabServer(new SecureChannelServerOptions { Protocol = protocol, Keys = keys.ToServerStore() });
            Server = _own.Endpoint;
        }
        else
        {
            Server = live;
        }
    }

    public ChannelProtocol Protocol => Format.Protocol;

    public WireFormat Format { get; }

    public Endpoint Server { get; }

    /// <summary>The id of the client whom the attacker picks on.</summary>
    public string Victim => _keys.Ids.First();

    /// <summary>What reached the server's application so far; null for a live server, which does not tell.</summary>
    public IReadOnlyCollection<string>? Delivered => _own?.Delivered;

    public PreSharedKey KeyOf(string id) => _keys.TryFind(id, out PreSharedKey? key) ? key : throw new SampleException($"there is no key for client {id}");

    public ManInTheMiddle Intercept(Tamper? tamper = null) => ManInTheMiddle.Start(Server, Format, tamper);

    public async Task<FrameStream> ConnectRawAsync(CancellationToken cancellationToken) =>
        new(await Server.ConnectAsync(cancellationToken), Format);

    /// <summary>An honest client's visit: connect, send each message and wait for its answer. Ends without a word where the channel fails.</summary>
    /// <returns>How many answers it got.</returns>
    public async Task<int> VisitAsync(Endpoint endpoint, PreSharedKey key, string[] messages, CancellationToken cancellationToken)
    {
        int answers = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(
                await endpoint.ConnectAsync(limit.Token), new SecureChannelClientOptions { Protocol = Protocol, Key = key }, limit.Token);
            ArrayBufferWriter<byte> answer = new();
            foreach (string message in messages)
            {
                await channel.SendAsync(Encoding.ASCII.GetBytes(message), limit.Token);
                answer.ResetWrittenCount();
                if (!await channel.ReceiveAsync(answer, limit.Token))
                    break;
                answers++;
            }

            await channel.CloseAsync(limit.Token);
        }
        catch (Exception e) when (e is SecureChannelException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The attack got in the way; what the server made of it is what counts.
        }

        return answers;
    }

    /// <summary>An honest client of v1 that sends two messages before it looks for an answer.</summary>
    public async Task SendTwoAtOnceAsync(Endpoint endpoint, string first, string second, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(
                await endpoint.ConnectAsync(limit.Token), new SecureChannelClientOptions { Protocol = Protocol, Key = KeyOf(Victim) }, limit.Token);
            await channel.WriteAsync(Encoding.ASCII.GetBytes(first), limit.Token);
            await channel.SendAsync(Encoding.ASCII.GetBytes(second), limit.Token);
            await channel.ReceiveAsync(new ArrayBufferWriter<byte>(), limit.Token);
        }
        catch (Exception e) when (e is SecureChannelException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
        }
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    /// <returns>False where it never did.</returns>
    public static async Task<bool> HasEndedAsync(Task ended, CancellationToken cancellationToken)
    {
        try
        {
            await ended.WaitAsync(Patience, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Reads what the server still says until it ends the connection or nothing comes any more.</summary>
    public static async Task<(List<byte[]> Frames, bool Ended)> ListenAsync(FrameStream connection, CancellationToken cancellationToken)
    {
        List<byte[]> frames = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            while (await connection.ReadAsync(limit.Token) is { } frame)
                frames.Add(frame);
            return (frames, true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (frames, false);
        }
    }

    /// <summary>
    /// Judges by what happened at both ends: how many data frames the server answered, what its application got, and whether it
    /// ended the session.
    /// </summary>
    public AttackReport Judge(string sent, IEnumerable<byte[]> fromServer, int answersOwed, string[] forged, bool ended)
    {
        int answers = fromServer.Count(frame => Format.IsAnswer(frame));
        byte? last = fromServer.LastOrDefault() is { } frame ? Format.Opcode(frame) : null;
        string[] taken = [.. forged.Where(message => Delivered?.Contains(message) ?? false)];
        bool refused = answers <= answersOwed && taken.Length == 0 && ended;
        string did = (answers, ended) switch
        {
            (_, false) => "kept the session open",
            (0, true) when last is null => "said nothing and hung up",
            _ => $"answered {answers}, ended the session{(last is 50 or 60 ? $" with opcode {last}" : "")}",
        };
        if (taken.Length > 0)
            did += $"; its application got '{taken[0]}'";
        return new AttackReport(sent, did, refused ? Verdict.Refused : Verdict.Accepted);
    }

    public async ValueTask DisposeAsync()
    {
        if (_own is not null)
            await _own.DisposeAsync();
    }
}
