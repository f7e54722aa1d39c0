using System.IO.Pipelines;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>Epochs, stores, refusals and limits of protocol 1's handshake, through the channel.</summary>
public sealed class V1HandshakeTests
{
    private static readonly byte[] Key = [.. Enumerable.Repeat((byte)0x5A, PreSharedKey.Size)];

    [Fact]
    [Requirement("R5.3-2", "R5.3-5")]
    public async Task Every_session_moves_both_stores_one_epoch_on()
    {
        Parties parties = new();
        for (long epoch = 0; epoch < 5; epoch++)
        {
            await using ChannelPair pair = await parties.ConnectAsync();
            Assert.Equal((epoch, epoch), (pair.Client.Peer.Epoch, pair.Server.Peer.Epoch));
            Assert.Equal((epoch + 1, epoch + 1), await parties.EpochsAsync());
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(0, 500)]
    [InlineData(500, 0)]
    [InlineData(0, 65_536)]
    [InlineData(65_536, 0)]
    [Requirement("R5.1-10", "R5.9-1", "R5.9-3")]
    public async Task A_side_that_is_behind_catches_up(long clientEpoch, long serverEpoch)
    {
        Parties parties = new(clientEpoch, serverEpoch);
        await using ChannelPair pair = await parties.ConnectAsync();
        long epoch = Math.Max(clientEpoch, serverEpoch);
        Assert.Equal(epoch, pair.Client.Peer.Epoch);
        Assert.Equal((epoch + 1, epoch + 1), await parties.EpochsAsync());
        await pair.RoundAsync([1], [2]);

        // A store in memory is behind after every restart; one that lasts only if something is wrong.
        Parties lasting = new(clientEpoch, serverEpoch);
        await using ChannelPair other = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions
            {
                Keys = new LastingStore(lasting.ClientStore),
                ClientId = Parties.Id,
                LoggerFactory = lasting.ClientOptions.LoggerFactory,
            },
            new SecureChannelServerOptions
            {
                Keys = new LastingStore(lasting.ServerStore),
                LoggerFactory = lasting.ServerOptions.LoggerFactory,
            }
        );
        bool unexplained = Math.Abs(clientEpoch - serverEpoch) > (serverEpoch > clientEpoch ? 0 : 1);
        Assert.Equal((unexplained, false), (parties.Says("had to catch up"), parties.Says("StoreBehind")));
        Assert.Equal((false, unexplained), (lasting.Says("had to catch up"), lasting.Says("StoreBehind")));
    }

    [Theory]
    [InlineData(ChannelRole.Server)]
    [InlineData(ChannelRole.Client)]
    public async Task Only_the_first_catch_up_of_a_store_in_memory_is_no_alarm(ChannelRole behind)
    {
        Parties parties = new();
        InMemoryKeyStore ahead = behind == ChannelRole.Server ? parties.ClientStore : parties.ServerStore;
        await Parties.MoveAsync(ahead, 40);
        await using (await parties.ConnectAsync()) { }

        Assert.True(parties.Says("had to catch up"));
        Assert.False(parties.Says("StoreBehind"));
        await Parties.MoveAsync(ahead, 30);
        await using (await parties.ConnectAsync()) { }

        Assert.True(parties.Says($"{behind}StoreBehind"));
    }

    [Fact]
    public async Task After_a_restart_in_memory_connections_that_begin_together_raise_no_alarm()
    {
        Parties parties = new(clientEpoch: 40);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => parties.ConnectAsync()));
        Assert.False(parties.Says("StoreBehind"));
    }

    [Theory]
    [InlineData(0, 65_537)]
    [InlineData(65_537, 0)]
    [Requirement("R5.1-9", "R5.2-7")]
    public async Task Beyond_the_limit_nothing_moves(long clientEpoch, long serverEpoch)
    {
        Parties parties = new(clientEpoch, serverEpoch);
        await parties.AssertRefusedAsync(parties.ClientOptions);
        Assert.Equal((clientEpoch, serverEpoch), await parties.EpochsAsync());
    }

    [Fact]
    [Requirement("R5.1-3", "R5.7-1")]
    public async Task Handshakes_of_one_identity_run_side_by_side_and_all_succeed()
    {
        Parties parties = new();
        ChannelPair[] pairs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => parties.ConnectAsync()));
        foreach (ChannelPair pair in pairs)
        {
            await pair.RoundAsync([1], [2]);
            await pair.DisposeAsync();
        }

        (long client, long server) = await parties.EpochsAsync();
        Assert.Equal(client, server);
    }

    [Fact]
    public async Task A_server_that_starts_again_with_nothing_but_the_key_heals()
    {
        Parties parties = new(clientEpoch: 40, serverEpoch: 0);
        await using ChannelPair pair = await parties.ConnectAsync();
        Assert.Equal((41, 41), await parties.EpochsAsync());
    }

    [Fact]
    [Requirement("R5.1-5", "R5.1-13", "R5.8-2", "R5.8-3")]
    public async Task Unknown_id_and_wrong_key_are_one_error_and_hear_nothing()
    {
        Parties parties = new();
        (SecureChannelException unknown, int answer) = await parties.AssertRefusedAsync(
            new SecureChannelClientOptions { Key = PreSharedKey.Import("nobody", Key) }
        );
        (SecureChannelException wrong, int wrongAnswer) = await parties.AssertRefusedAsync(
            new SecureChannelClientOptions { Key = PreSharedKey.Import(Parties.Id, new byte[32]) }
        );
        Assert.Equal(SecureChannelError.Authentication, unknown.Error);
        Assert.Equal((unknown.Error, unknown.Message), (wrong.Error, wrong.Message));
        Assert.Equal((0, 0), (answer, wrongAnswer));
        Assert.Equal((0, 0), await parties.EpochsAsync());
    }

    [Fact]
    [Requirement("R3-2")]
    public async Task A_key_for_another_server_name_is_a_wrong_key() =>
        await new Parties().AssertRefusedAsync(
            new SecureChannelClientOptions { Key = PreSharedKey.Import(Parties.Id, Key, "another server") }
        );

    [Fact]
    [Requirement("R3-4", "R3-8")]
    public async Task A_store_of_the_other_role_is_not_served()
    {
        // The Selfie attack: a host that holds one key for both roles must not be made to talk to itself.
        Parties parties = new();
        SecureChannelServerOptions reflected = parties.ServerOptions;
        reflected.Keys = parties.ClientStore;
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await SecureChannel.AcceptAsync(new PipePair().Server, reflected)
        );

        // A store that does not tell its role is found out by the role of its key.
        reflected.Keys = new LastingStore(parties.ClientStore);
        PipePair pipes = new();
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(pipes.Client, parties.ClientOptions).AsTask();
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, reflected)
        );
        Assert.Equal(SecureChannelError.Authentication, error.Error);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task A_client_names_its_key_in_one_way(bool key, bool keys, bool id)
    {
        using var own = PreSharedKey.Generate("sensor-17");
        SecureChannelClientOptions options = new()
        {
            Key = key ? own : null,
            Keys = keys ? new InMemoryKeyStore(ChannelRole.Client) : null,
            ClientId = id ? "sensor-17" : default(ClientId?),
        };
        var e = await Assert.ThrowsAsync<ArgumentException>(async () =>
            await SecureChannel.ConnectAsync(new PipePair().Client, options)
        );
        Assert.EndsWith("and not both.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Requirement("R5.1-12")]
    public async Task A_replayed_hello_gets_a_challenge_and_no_session_and_moves_nothing()
    {
        Parties parties = new();
        PipePair pipes = new();
        RecordingPipe wire = new(pipes.Client);
        await using (await ChannelPair.OverAsync(wire, pipes.Server, parties.ClientOptions, parties.ServerOptions)) { }

        (long, long) before = await parties.EpochsAsync();
        PipePair replay = new();
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(replay.Server, parties.ServerOptions).AsTask();
        await replay.Client.Output.WriteAsync(wire.Sent);
        await replay.Client.Output.CompleteAsync();
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => accepting);
        Assert.Equal(SecureChannelError.Authentication, error.Error);
        ReadResult answer = await replay.Client.Input.ReadAsync();
        Assert.Equal(16 + 108, answer.Buffer.Length);
        Assert.Equal(before, await parties.EpochsAsync());
    }

    [Fact]
    [Requirement("R3-20", "R3-21")]
    public async Task Keys_without_evolution_stay_at_epoch_0_and_agree_about_it()
    {
        Parties parties = new(evolution: KeyEvolution.None);
        for (int i = 0; i < 3; i++)
        {
            await using ChannelPair pair = await parties.ConnectAsync();
            await pair.RoundAsync([1], [2]);
            Assert.Equal((0, 0), await parties.EpochsAsync());
        }

        await parties.AssertRefusedAsync(new SecureChannelClientOptions { Key = PreSharedKey.Import(Parties.Id, Key) });
    }

    [Fact]
    public async Task A_key_object_remembers_its_epochs_from_one_connection_to_the_next()
    {
        Parties parties = new();
        SecureChannelClientOptions options = new() { Key = PreSharedKey.Import(Parties.Id, Key) };
        for (long epoch = 0; epoch < 3; epoch++)
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync(options, parties.ServerOptions);
            Assert.Equal(epoch, pair.Client.Peer.Epoch);
        }

        Assert.DoesNotContain(parties.Log, line => line.Contains("restored from a backup", StringComparison.Ordinal));
    }

    [Fact]
    [Requirement("R3-13", "R9-1")]
    public async Task A_store_that_cannot_advance_makes_no_session()
    {
        Parties parties = new();
        foreach (bool client in new[] { true, false })
        {
            SecureChannelClientOptions clientOptions = parties.ClientOptions;
            SecureChannelServerOptions serverOptions = parties.ServerOptions;
            if (client)
                clientOptions.Keys = new ReadOnlyStore(parties.ClientStore);
            else
                serverOptions.Keys = new ReadOnlyStore(parties.ServerStore);
            PipePair pipes = new();
            Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(pipes.Client, clientOptions).AsTask();
            Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(pipes.Server, serverOptions).AsTask();
            var connectError = await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
            var acceptError = await Assert.ThrowsAsync<SecureChannelException>(() => accepting);
            Assert.Equal(SecureChannelError.KeyStore, (client ? connectError : acceptError).Error);
        }

        // Whatever of it happened, the next undisturbed handshake succeeds.
        await using ChannelPair pair = await parties.ConnectAsync();
        await pair.RoundAsync([1], [2]);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh")]
    [InlineData("\x00\x00\x00\x57\x0a\x01\x00\x00\x00\x00\x01")]
    [InlineData("S")]
    [Requirement("R4-2", "R5.8-2")]
    public async Task Another_protocol_is_refused_by_its_first_bytes_without_an_answer(string first)
    {
        PipePair pipes = new();
        await pipes.Client.Output.WriteAsync(first.Select(c => (byte)c).ToArray());
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, new Parties().ServerOptions)
        );
        Assert.Equal(SecureChannelError.Malformed, error.Error);
        ReadResult answer = await pipes.Client.Input.ReadAsync();
        Assert.True(answer.IsCompleted && answer.Buffer.IsEmpty);
    }

    [Fact]
    [Requirement("R4-4", "R4-5")]
    public async Task A_handshake_body_above_its_limit_is_refused_by_its_header()
    {
        PipePair pipes = new();
        await pipes.Client.Output.WriteAsync(new byte[] { 10, 0, 1, 0, 0, 0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0 });
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, new Parties().ServerOptions)
        );
        Assert.Equal(SecureChannelError.Limit, error.Error);
    }

    [Fact]
    public async Task No_exception_or_log_line_holds_a_key()
    {
        Parties parties = new();
        await using (await parties.ConnectAsync()) { }

        (SecureChannelException error, _) = await parties.AssertRefusedAsync(
            new SecureChannelClientOptions { Key = PreSharedKey.Import(Parties.Id, new byte[32]) }
        );
        string everything = string.Join(
            '\n',
            [.. parties.Log, error.ToString(), PreSharedKey.Import("x", Key).ToString()]
        );
        Assert.DoesNotContain("5A5A", everything, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("ZZZZ", everything, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Key)[..8], everything, StringComparison.Ordinal);
    }

    /// <summary>A client and a server with stores of their own at given epochs.</summary>
    /// <summary>Stands for a store that keeps its keys: the channel cannot tell that they are in memory.</summary>
    private sealed class LastingStore(IKeyStore inner) : IKeyStore
    {
        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            inner.FindAsync(id, cancellationToken);

        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => inner.AdvanceAsync(id, serial, epoch, epochKey, cancellationToken);
    }

    private sealed class Parties
    {
        internal const string Id = "device 1";

        private readonly ListLoggerFactory _logs = new();

        internal Parties(long clientEpoch = 0, long serverEpoch = 0, KeyEvolution evolution = KeyEvolution.Forward)
        {
            ClientStore = StoreAt(ChannelRole.Client, clientEpoch, evolution);
            ServerStore = StoreAt(ChannelRole.Server, serverEpoch, evolution);
        }

        internal InMemoryKeyStore ClientStore { get; }

        internal InMemoryKeyStore ServerStore { get; }

        internal IReadOnlyList<string> Log => _logs.Lines;

        internal bool Says(string part) => Log.Any(line => line.Contains(part, StringComparison.Ordinal));

        internal SecureChannelClientOptions ClientOptions =>
            new()
            {
                Keys = ClientStore,
                ClientId = Id,
                LoggerFactory = _logs,
            };

        internal SecureChannelServerOptions ServerOptions => new() { Keys = ServerStore, LoggerFactory = _logs };

        /// <summary>Moves a store so many epochs on, as handshakes with somebody else would.</summary>
        internal static async Task MoveAsync(InMemoryKeyStore store, long epochs)
        {
            using StoredKey? key = await store.FindAsync(Id);
            byte[] walked = key!.EpochKey.ToArray();
            SymRatchet.Protocol1.EpochChain.Walk(walked, epochs);
            await store.AdvanceAsync(key.Id, key.Serial, key.Epoch + epochs, walked);
        }

        internal Task<ChannelPair> ConnectAsync() => ChannelPair.CreateAsync(ClientOptions, ServerOptions);

        internal async Task<(long Client, long Server)> EpochsAsync()
        {
            using StoredKey? client = await ClientStore.FindAsync(Id);
            using StoredKey? server = await ServerStore.FindAsync(Id);
            return (client!.Epoch, server!.Epoch);
        }

        /// <summary>Both sides fail; returns the server's error and how many bytes it answered.</summary>
        internal async Task<(SecureChannelException Server, int Answered)> AssertRefusedAsync(
            SecureChannelClientOptions client
        )
        {
            PipePair pipes = new();
            RecordingPipe serverSide = new(pipes.Server);
            Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(pipes.Client, client).AsTask();
            var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
                await SecureChannel.AcceptAsync(serverSide, ServerOptions)
            );
            await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
            return (error, serverSide.Sent.Length);
        }

        private static InMemoryKeyStore StoreAt(ChannelRole role, long epoch, KeyEvolution evolution)
        {
            InMemoryKeyStore store = new(role);
            PreSharedKey key = PreSharedKey.Import(Id, Key, evolution: evolution);
            store.Add(key);
            if (epoch > 0)
                MoveAsync(store, epoch).GetAwaiter().GetResult();
            return store;
        }
    }

    private sealed class ReadOnlyStore(IKeyStore inner) : IKeyStore
    {
        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            inner.FindAsync(id, cancellationToken);

        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new UnauthorizedAccessException("the file is read-only");
    }
}
