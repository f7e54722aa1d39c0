using System.IO.Pipelines;
using System.Net.Sockets;
using SymRatchet.Stress.Checks;

namespace SymRatchet.Stress.Ends;

/// <summary>Two parties with a channel between them over real sockets, each with a face of its own.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private readonly Step _step;
    private readonly SocketLink _link;
    private readonly string _id;
    private readonly PreSharedKey _key;

    private Pair(Step step, SocketLink link, string id, PreSharedKey key, Party client, Party server)
    {
        _key = key;
        _step = step;
        _link = link;
        _id = id;
        Client = client;
        Server = server;
    }

    internal Party Client { get; }

    internal Party Server { get; }

    internal Connection Connection => Client.Connection;

    internal string Id => _id;

    internal Party Other(Party party) => party == Client ? Server : Client;

    internal static async Task<Pair> CreateAsync(Step step, string plan, Func<Party, Random, IFace> face)
    {
        Random random = step.Random;
        string id = step.Run.Identities.New(
            step,
            random.Next(3) == 0 ? KeyEvolution.None : KeyEvolution.Forward,
            out PreSharedKey key
        );
        SecureChannelClientOptions clientOptions = new()
        {
            Key = key,
            SendBeforeConfirm = random.Next(3) == 0,
            LoggerFactory = step.Run.Log,
            PaddingBlock = random.Next(4) == 0 ? 256 : 0,
        };
        CipherSuiteId[] suites = [CipherSuiteId.Aegis256, CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305];
        if (random.Next(4) == 0)
            clientOptions.Suites = [suites[random.Next(suites.Length)]];
        SocketLink link = await SocketLink.CreateAsync(random);
        (Stream ClientStream, UnrulyStream? Unruly, bool IsPipe) c = Transport(link.Client, random);
        (Stream ServerStream, UnrulyStream? Unruly, bool IsPipe) s = Transport(link.Server, random);
        Connection connection = new($"{plan}, client over {Name(c)}, server over {Name(s)}", () => step.Now);
        SecureChannelServerOptions serverOptions = step.Run.ServerOptions;
        Task<ISecureChannel> connecting = step.CallAsync(
            "ConnectAsync",
            connection,
            default,
            () =>
                c.IsPipe
                    ? SecureChannel.ConnectAsync(PipeOver(c.ClientStream), clientOptions)
                    : SecureChannel.ConnectAsync(c.ClientStream, clientOptions)
        );
        Task<ISecureChannel> accepting = step.CallAsync(
            "AcceptAsync",
            connection,
            default,
            () =>
                s.IsPipe
                    ? SecureChannel.AcceptAsync(PipeOver(s.ServerStream), serverOptions)
                    : SecureChannel.AcceptAsync(s.ServerStream, serverOptions)
        );
        Direction there = new((ulong)random.NextInt64()),
            back = new((ulong)random.NextInt64());
        Party client = new()
        {
            Step = step,
            Name = "client",
            Connection = connection,
            Channel = await connecting,
            Socket = link.Client,
            Unruly = c.Unruly,
            Out = there,
            In = back,
        };
        Party server = new()
        {
            Step = step,
            Name = "server",
            Connection = connection,
            Channel = await accepting,
            Socket = link.Server,
            Unruly = s.Unruly,
            Out = back,
            In = there,
        };
        client.Face = face(client, random);
        server.Face = face(server, random);
        connection.Plan += $", {client.Face.GetType().Name} to {server.Face.GetType().Name}";
        return new Pair(step, link, id, key, client, server);
    }

    /// <summary>Ends what is left, and looks at what it leaves.</summary>
    public async ValueTask DisposeAsync()
    {
        // Both ends at the same time, or one after the other.
        Task first = Client.DisposeAsync(_step.NewRandom(), _step.Chance(0.3));
        if (_step.Chance(0.5))
            await first;
        await Server.DisposeAsync(_step.NewRandom(), _step.Chance(0.3));
        await first;
        _link.Dispose();
        await CheckAsync(Client);
        await CheckAsync(Server);
        _step.Run.Identities.Drop(_step, _id);
        _key.Dispose();
    }

    private async Task CheckAsync(Party party)
    {
        // A half that was completed without being awaited ends in its own time.
        long began = _step.Now;
        while (party.Pool.Outstanding != 0 && _step.Now - began < 10 * Watchdog.TicksPerSecond)
            await Task.Delay(10);
        if (party.Pool.Outstanding != 0)
            party.Fail($"{party.Pool.Outstanding} rented buffers are out after the end");
        foreach (string mistake in party.Pool.Mistakes())
            party.Fail(mistake);
        if (!party.Channel.Ended.IsCancellationRequested)
            party.Fail("a disposed channel has not ended");
        byte[] sink = new byte[16];
        await MustFailAsync(party, "a receive", async () => await party.Channel.ReceiveAsync(new FixedWriter(sink)));
        await MustFailAsync(party, "a send", async () => await party.Channel.SendAsync(sink));
    }

    private async Task MustFailAsync(Party party, string what, Func<Task> call)
    {
        try
        {
            await party.CallAsync(what, default, () => new ValueTask(call()));
            party.Fail($"{what} succeeded after the end");
        }
        catch (Exception e) when (e is SecureChannelException or ObjectDisposedException) { }
    }

    private static (Stream Stream, UnrulyStream? Unruly, bool IsPipe) Transport(Socket socket, Random random)
    {
        NetworkStream stream = new(socket, ownsSocket: true);
        if (random.Next(3) > 0)
            return (stream, null, random.Next(3) == 0);
        UnrulyStream unruly = new(stream);
        return (unruly, unruly, false);
    }

    private static string Name((Stream Stream, UnrulyStream? Unruly, bool IsPipe) transport) =>
        transport.IsPipe ? "a pipe"
        : transport.Unruly is null ? "a socket"
        : "an unruly stream";

    private static StreamPipe PipeOver(Stream stream) => new(PipeReader.Create(stream), PipeWriter.Create(stream));

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
