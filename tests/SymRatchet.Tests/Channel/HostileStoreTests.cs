using Microsoft.Extensions.Time.Testing;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// The handshake's limits hold whatever a key store does: it does not come back, comes back late, or blocks whoever
/// calls it.
/// </summary>
public sealed class HostileStoreTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    public static TheoryData<string, string> Hostilities
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string hostility in new[] { "never", "late", "throws", "blocks", "blocks in its token" })
            {
                data.Add("find", hostility);
                data.Add("advance", hostility);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Hostilities))]
    [Requirement("R5.8-1", "R5.8-4")]
    public async Task The_time_limit_holds_and_the_place_is_given_back(string call, string hostility)
    {
        using HostileStore store = new(call, hostility);
        FakeTimeProvider time = new();
        SecureChannelServerOptions server = new() { Keys = store, TimeProvider = time };
        (Task<ISecureChannel> connecting, Task<ISecureChannel> accepting) = Start(server);
        await store.Called.WaitAsync(Generous);
        time.Advance(server.HandshakeTimeout);
        Assert.Equal(
            SecureChannelError.Timeout,
            (await Assert.ThrowsAsync<SecureChannelException>(() => accepting).WaitAsync(Generous)).Error
        );
        Assert.Equal(0, server.HandshakeLimiter!.Pending);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting).WaitAsync(Generous);
        await store.AssertLateCallAsync();
    }

    [Theory]
    [MemberData(nameof(Hostilities))]
    public async Task The_caller_can_end_it(string call, string hostility)
    {
        using HostileStore store = new(call, hostility);
        using CancellationTokenSource caller = new();
        (Task<ISecureChannel> connecting, Task<ISecureChannel> accepting) = Start(
            new SecureChannelServerOptions { Keys = store, HandshakeTimeout = Generous * 4 },
            caller.Token
        );
        await store.Called.WaitAsync(Generous);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting).WaitAsync(Generous);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting).WaitAsync(Generous);
        await store.AssertLateCallAsync();
    }

    [Fact]
    public async Task A_store_that_cancels_itself_is_a_store_that_failed()
    {
        using HostileStore store = new("find", "cancels");
        (Task<ISecureChannel> connecting, Task<ISecureChannel> accepting) = Start(
            new SecureChannelServerOptions { Keys = store }
        );
        Assert.Equal(
            SecureChannelError.KeyStore,
            (await Assert.ThrowsAsync<SecureChannelException>(() => accepting).WaitAsync(Generous)).Error
        );
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting).WaitAsync(Generous);
    }

    [Fact]
    public async Task A_store_that_blocks_keeps_only_a_few_threads_of_the_pool()
    {
        using HostileStore store = new("find", "blocks");
        SecureChannelServerOptions server = new() { Keys = store, HandshakeTimeout = TimeSpan.FromSeconds(2) };
        Task<ISecureChannel>[] accepting =
        [
            .. Enumerable.Range(0, 10 * StoreThreads.PerStore).Select(_ => Start(server).Accepting),
        ];
        foreach (Task<ISecureChannel> one in accepting)
            Assert.Equal(
                SecureChannelError.Timeout,
                (await Assert.ThrowsAsync<SecureChannelException>(() => one).WaitAsync(Generous)).Error
            );
        Assert.InRange(store.Calls, 1, StoreThreads.PerStore);

        // A call that nobody waits for any more is not begun once the threads are free.
        await store.AssertLateCallAsync();
        await Task.Delay(100);
        Assert.InRange(store.Calls, 1, StoreThreads.PerStore);
    }

    // Started elsewhere: a store that blocks must not block the test.
    private static (Task<ISecureChannel> Connecting, Task<ISecureChannel> Accepting) Start(
        SecureChannelServerOptions server,
        CancellationToken cancellationToken = default
    )
    {
        PipePair pipes = new();
        SecureChannelClientOptions client = new() { Key = HostileStore.Key };
        return (
            Task.Run(
                () => SecureChannel.ConnectAsync(pipes.Client, client, CancellationToken.None).AsTask(),
                CancellationToken.None
            ),
            Task.Run(
                () => SecureChannel.AcceptAsync(pipes.Server, server, cancellationToken).AsTask(),
                CancellationToken.None
            )
        );
    }

    /// <summary>A store that serves well until one call, which comes back (if at all) when the test lets it.</summary>
    private sealed class HostileStore : IKeyStore, IDisposable
    {
        private readonly InMemoryKeyStore _inner = new(ChannelRole.Server);
        private readonly string _call;
        private readonly string _hostility;
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _unblock = new();
        private StoredKey? _lateKey;
        private int _calls;
        private ReadOnlyMemory<byte> _epochKey;
        private byte[] _epochKeyLate = [];
        private byte[] _epochKeyAtFirst = [];

        internal HostileStore(string call, string hostility)
        {
            _call = call;
            _hostility = hostility;
            _inner.Add(Key);
        }

        internal static PreSharedKey Key => PreSharedKey.Import("device 1", new byte[PreSharedKey.Size]);

        internal Task Called => _called.Task;

        internal int Calls => Volatile.Read(ref _calls);

        public async ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
        {
            StoredKey? key = await _inner.FindAsync(id, CancellationToken.None);
            if (_call != "find")
                return key;
            _lateKey = key;
            await BeHostileAsync(cancellationToken);
            return key;
        }

        public async ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        )
        {
            _epochKey = epochKey;
            _epochKeyAtFirst = epochKey.ToArray();
            await BeHostileAsync(cancellationToken);
            _epochKeyLate = epochKey.ToArray();
            await _inner.AdvanceAsync(id, serial, epoch, epochKey, CancellationToken.None);
        }

        /// <summary>
        /// The call that was given up comes back: it had its key until then, nobody has it after, and what it answers
        /// is erased.
        /// </summary>
        internal async Task AssertLateCallAsync()
        {
            _unblock.Set();
            if (_hostility == "never")
                return;
            _goOn.TrySetResult();
            await _returned.Task.WaitAsync(Generous);
            if (_hostility == "throws")
                return;
            if (_call == "find")
                await EventuallyAsync(() => IsErased(_lateKey!));
            else
                await EventuallyAsync(() => _epochKeyLate.Length > 0 && _epochKey.Span.IndexOfAnyExcept((byte)0) < 0);
            Assert.Equal(_epochKeyAtFirst, _epochKeyLate);
        }

        public void Dispose()
        {
            _unblock.Set();
            _inner.Dispose();
        }

        private async Task BeHostileAsync(CancellationToken cancellationToken)
        {
            if (_hostility == "blocks in its token")
                cancellationToken.Register(() => _unblock.Wait(CancellationToken.None));
            Interlocked.Increment(ref _calls);
            _called.TrySetResult();
            if (_hostility == "blocks")
                _unblock.Wait(CancellationToken.None);
            if (_hostility == "cancels")
                throw new OperationCanceledException("the store's own limit");
            await _goOn.Task;
            _returned.TrySetResult();
            if (_hostility == "throws")
                throw new IOException("too late");
        }

        private static bool IsErased(StoredKey key)
        {
            try
            {
                return key.EpochKey.Length == 0;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }

        private static async Task EventuallyAsync(Func<bool> holds)
        {
            for (DateTime end = DateTime.UtcNow + Generous; !holds(); await Task.Delay(10))
                Assert.True(DateTime.UtcNow < end, "it did not come true");
        }
    }
}
