using System.Runtime.CompilerServices;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>A store's watch that fails, blocks or never comes back holds up nobody, and is asked for again.</summary>
public sealed class ChannelRegistryTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    public enum Fault
    {
        CallThrows,
        NextThrows,
    }

    [Theory]
    [InlineData(Fault.CallThrows)]
    [InlineData(Fault.NextThrows)]
    public async Task A_watch_that_failed_is_begun_again_and_said_once(Fault fault)
    {
        using ListLoggerFactory logs = new();
        FaultyDirectory store = new(fault);
        await using (ChannelRegistry live = new(store, new SecureChannelServerOptions { LoggerFactory = logs }))
            await store.Told.Task.WaitAsync(Soon);
        Assert.Single(logs.Lines, line => line.Contains("could not be watched", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_watch_that_blocks_or_never_answers_holds_up_neither_making_nor_disposing()
    {
        foreach (bool blocks in new[] { true, false })
        {
            HangingDirectory store = new(blocks);
            ChannelRegistry live = await Task.Run(() => new ChannelRegistry(store)).WaitAsync(Soon);
            await live.DisposeAsync().AsTask().WaitAsync(Soon);
            store.Release();
        }
    }

    private sealed class FaultyDirectory(Fault fault) : WatchedDirectory
    {
        private int _calls;

        internal TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default)
        {
            bool isFaulty = ++_calls <= 2;
            return isFaulty && fault == Fault.CallThrows
                ? throw new KeyStoreException("gone")
                : ReadAsync(isFaulty, cancellationToken);
        }

        private async IAsyncEnumerable<ClientId> ReadAsync(
            bool isFaulty,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            if (isFaulty)
                throw new KeyStoreException("gone");
            yield return "1";
            Told.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private sealed class HangingDirectory(bool blocks) : WatchedDirectory
    {
        private readonly TaskCompletionSource _released = new();

        internal void Release() => _released.TrySetResult();

        public override async IAsyncEnumerable<ClientId> WatchRevocationsAsync(
            [EnumeratorCancellation] CancellationToken cancellationToken = default
        )
        {
            if (blocks)
                _released.Task.Wait(CancellationToken.None);
            else
                await _released.Task;
            yield break;
        }
    }

    private abstract class WatchedDirectory : IKeyDirectory
    {
        public ChannelRole Role => ChannelRole.Server;

        public abstract IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default);

        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask RestrictAsync(
            ClientId id,
            IReadOnlyList<CipherSuiteId> suites,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
            ClientId? after,
            int limit,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();
    }
}
