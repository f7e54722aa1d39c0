using Microsoft.Extensions.Logging;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>A log is the application's code: whatever it does, a channel and its handshake go on.</summary>
public sealed class HostileLogTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_factory_that_makes_no_log_keeps_nobody_from_connecting()
    {
        using OwnLog log = new() { MakesNone = true };
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        client.LoggerFactory = server.LoggerFactory = log;
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(client, server);
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_log_that_uses_the_channel_it_tells_of_does_not_hold_it()
    {
        using OwnLog log = new();
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        server.LoggerFactory = log;
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            server
        );
        int lines = 0;
        log.OnLine = () =>
        {
            lines++;
            Assert.ThrowsAny<Exception>(() => pair.Server.SendAsync(new byte[1]).AsTask().GetAwaiter().GetResult());
            Assert.ThrowsAny<Exception>(() => ChannelPair.ReceiveAsync(pair.Server).GetAwaiter().GetResult());
            Assert.ThrowsAny<Exception>(() => pair.Server.PingAsync().AsTask().GetAwaiter().GetResult());
            pair.Server.Abort();
            pair.Server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        };
        Task receiving = ChannelPair.ReceiveAsync(pair.Server);
        pair.Client.Abort();
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => receiving.WaitAsync(Soon));
        Assert.Equal(SecureChannelError.TerminatedByPeer, error.Error);
        Assert.Equal(1, lines);
    }

    [Fact]
    public async Task A_log_that_blocks_holds_no_revocation()
    {
        using ManualResetEventSlim release = new();
        using OwnLog log = new();
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        server.LoggerFactory = log;
        await using ChannelRegistry registry = new((IKeyDirectory)server.Keys!, server);
        server.ChannelRegistry = registry;
        using PreSharedKey other = PreSharedKey.Generate("other");
        await ((IKeyDirectory)server.Keys!).AddAsync(other);
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        await using ChannelPair one = await ChannelPair.CreateAsync(client, server);
        await using ChannelPair two = await ChannelPair.CreateAsync(client, server);
        client.Key = other;
        await using ChannelPair three = await ChannelPair.CreateAsync(client, server);
        Assert.Equal(2, registry.GetCount(ChannelPair.ClientName));
        log.OnLine = () => release.Wait(TimeSpan.FromSeconds(30));
        try
        {
            await ((IKeyDirectory)server.Keys!).RevokeAsync(ChannelPair.ClientName);
            await Task.WhenAll(EndAsync(one.Server), EndAsync(two.Server)).WaitAsync(Soon);
            await ((IKeyDirectory)server.Keys!).RevokeAsync("other");
            await EndAsync(three.Server).WaitAsync(Soon);
        }
        finally
        {
            release.Set();
        }

        static async Task EndAsync(ISecureChannel channel)
        {
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration _ = channel.Ended.Register(ended.SetResult);
            await ended.Task;
        }
    }

    [Fact]
    public async Task A_log_that_blocks_holds_no_connection_of_a_failed_handshake()
    {
        using ManualResetEventSlim release = new();
        using OwnLog log = new() { OnLine = () => release.Wait(TimeSpan.FromSeconds(30)) };
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        options.LoggerFactory = log;
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task accepting = Task.Run(() => SecureChannel.AcceptAsync(sockets.Server, options).AsTask());
        try
        {
            await sockets.Client.WriteAsync(new byte[256]);
            using CancellationTokenSource limit = new(Soon);
            await Assert.ThrowsAnyAsync<IOException>(() =>
                sockets.Client.ReadExactlyAsync(new byte[1024], limit.Token).AsTask()
            );
            Assert.False(accepting.IsCompleted);
        }
        finally
        {
            release.Set();
        }

        await Assert.ThrowsAsync<SecureChannelException>(() => accepting.WaitAsync(Soon));
    }

    private sealed class OwnLog : ILoggerFactory, ILogger
    {
        internal bool MakesNone { get; init; }

        internal Action? OnLine { get; set; }

        public void AddProvider(ILoggerProvider provider) { }

        public ILogger CreateLogger(string categoryName) =>
            MakesNone ? throw new ObjectDisposedException(nameof(OwnLog)) : this;

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => OnLine?.Invoke();
    }
}
