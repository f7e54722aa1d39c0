using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>What a server does with whoever is not its client.</summary>
public sealed class SeedHandshakeTests
{
    public static TheoryData<string, byte[], SecureChannelError> Rubbish =>
        new()
        {
            { "4 GiB as a length", [0xFF, 0xFF, 0xFF, 0xFF], SecureChannelError.Limit },
            { "a zero length", [0, 0, 0, 0], SecureChannelError.Malformed },
            { "an HTTP request", "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), SecureChannelError.Limit },
            { "a TLS hello", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC], SecureChannelError.Limit },
            { "half a frame", [0, 0, 0, 71, 10, 7, 0], SecureChannelError.Truncated },
            { "nothing", [], SecureChannelError.Truncated },
            { "a short hello", [0, 0, 0, 3, 10, 7, 0], SecureChannelError.Malformed },
            { "another opcode", [0, 0, 0, 1, 30], SecureChannelError.UnexpectedMessage },
            { "a termination", [0, 0, 0, 1, 60], SecureChannelError.Malformed },
        };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task Rubbish_is_refused(string what, byte[] bytes, SecureChannelError expected)
    {
        PipePair pipes = new();
        await pipes.Client.Output.WriteAsync(bytes);
        await pipes.Client.Output.CompleteAsync();
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, ChannelPair.ServerOptions(ChannelProtocol.Seed))
        );
        Assert.True(expected == error.Error, $"{what}: {error.Error}");
    }

    [Fact]
    public async Task An_unknown_id_and_a_wrong_key_are_the_same_to_everybody()
    {
        (SecureChannelException server, SecureChannelException client, int answer) unknown = await RefusedAsync(
            PreSharedKey.ForSeed(8, new byte[16])
        );
        (SecureChannelException server, SecureChannelException client, int answer) wrong = await RefusedAsync(
            PreSharedKey.ForSeed(7, new byte[16])
        );
        Assert.Equal(SecureChannelError.Authentication, unknown.server.Error);
        Assert.Equal(unknown.server.Message, wrong.server.Message);
        Assert.Equal(unknown.client.Message, wrong.client.Message);
        Assert.Equal(unknown.answer, wrong.answer);
    }

    [Fact]
    [Requirement("R3-9")]
    public async Task A_key_of_another_protocol_or_a_missing_one_is_the_callers_mistake()
    {
        PipePair pipes = new();
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await SecureChannel.ConnectAsync(pipes.Client, new SecureChannelClientOptions())
        );
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, new SecureChannelServerOptions())
        );
        Assert.False(pipes.Server.Input.TryRead(out _));
    }

    [Fact]
    public async Task A_silent_client_is_sent_away_after_the_time_limit()
    {
        PipePair pipes = new();
        FakeTimeProvider time = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.Seed);
        options.TimeProvider = time;
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(pipes.Server, options).AsTask();
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(accepting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(
            SecureChannelError.Timeout,
            (await Assert.ThrowsAsync<SecureChannelException>(() => accepting)).Error
        );
        Assert.True((await pipes.Client.Input.ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task Cancelling_a_handshake_is_a_cancellation_and_frees_the_transport()
    {
        PipePair pipes = new();
        using CancellationTokenSource source = new();
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(pipes.Server, ChannelPair.ServerOptions(ChannelProtocol.Seed), source.Token)
            .AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
        Assert.True((await pipes.Client.Input.ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_store_that_fails_ends_the_handshake_and_its_reason_is_told()
    {
        PipePair pipes = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.Seed);
        options.Keys = new BrokenStore();
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(pipes.Client, ChannelPair.ClientOptions(ChannelProtocol.Seed))
            .AsTask();
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, options)
        );
        Assert.Equal(SecureChannelError.KeyStore, error.Error);
        Assert.Equal("disk on fire", error.InnerException!.Message);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
    }

    [Fact]
    public async Task No_exception_or_log_line_of_a_refusal_holds_a_key()
    {
        (SecureChannelException server, SecureChannelException client, _) = await RefusedAsync(
            PreSharedKey.ForSeed(7, "THIS_IS_A_SECRET"u8)
        );
        foreach (
            string text in new[]
            {
                server.ToString(),
                client.ToString(),
                PreSharedKey.ForSeed(7, "THIS_IS_A_SECRET"u8).ToString(),
            }
        )
        {
            Assert.DoesNotContain("SECRET", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexString("THIS_IS"u8), text, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task<(
        SecureChannelException Server,
        SecureChannelException Client,
        int AnswerOpcode
    )> RefusedAsync(PreSharedKey key)
    {
        PipePair pipes = new();
        PeekingPipe client = new(pipes.Client);
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.Seed);
        options.Key = key;
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(client, options).AsTask();
        var server = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, ChannelPair.ServerOptions(ChannelProtocol.Seed))
        );
        return (server, await Assert.ThrowsAsync<SecureChannelException>(() => connecting), client.FirstBytes[4]);
    }

    private sealed class BrokenStore : IKeyStore
    {
        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            throw new IOException("disk on fire");

        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new IOException("disk on fire");
    }

    /// <summary>Remembers the first bytes that came in.</summary>
    private sealed class PeekingPipe(IDuplexPipe inner) : IDuplexPipe
    {
        private readonly PeekingStream _stream = new(inner.Input.AsStream());

        public PipeReader Input => field ??= PipeReader.Create(_stream);

        public PipeWriter Output => inner.Output;

        public byte[] FirstBytes => _stream.First!;

        private sealed class PeekingStream(Stream inner) : MemoryStream
        {
            public byte[]? First { get; private set; }

            public override async ValueTask<int> ReadAsync(
                Memory<byte> buffer,
                CancellationToken cancellationToken = default
            )
            {
                int read = await inner.ReadAsync(buffer, cancellationToken);
                First ??= buffer[..read].ToArray();
                return read;
            }
        }
    }
}
