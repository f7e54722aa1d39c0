using System.Diagnostics;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Contract;

/// <summary>What can be the matter with that of which a store is made.</summary>
public enum StoreFault
{
    /// <summary>It does not answer, and does not say so.</summary>
    Frozen,

    /// <summary>It answers late, but well within the store's limit.</summary>
    Slow,

    /// <summary>It answers with errors.</summary>
    Failing,

    /// <summary>It can be read and not be written.</summary>
    ReadOnly,

    /// <summary>Another has taken its place, or nothing has.</summary>
    Replaced,

    /// <summary>It has no room.</summary>
    Full,

    /// <summary>The row of another client holds what no store has written.</summary>
    OddRow,
}

/// <summary>
/// What every store does while something is the matter: each call ends in time and says what came of it, no handshake
/// waits for longer than its own limit, and afterwards all goes on. A class for each kind of store runs all of it.
/// </summary>
public abstract class FaultContract
{
    private protected const string Name = "device 1";
    private protected const string Other = "device 2";

    /// <summary>What a call may take beyond its limit, on a machine that has other work.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private enum Outcome
    {
        Done,
        NotDone,
        Unknown,
    }

    public static TheoryData<StoreFault> Faults => [.. Enum.GetValues<StoreFault>()];

    /// <summary>The role of the store's keys.</summary>
    private protected virtual ChannelRole Role => ChannelRole.Server;

    /// <summary>How long a call may take, whatever is the matter.</summary>
    private protected abstract TimeSpan Limit { get; }

    /// <summary>
    /// Opens the store of this test, which holds <see cref="TestKeys.Shared"/> of <see cref="Name"/> and, where it has
    /// room for two, of <see cref="Other"/>. The next call opens the same store again, as after a restart.
    /// </summary>
    private protected abstract ValueTask<IKeyStore> OpenAsync(StoreFault fault);

    /// <summary>Brings a fault about.</summary>
    /// <returns>What ends it; null where a store of this kind cannot have it, or this machine cannot make it.</returns>
    private protected abstract ValueTask<Func<Task>?> BreakAsync(StoreFault fault);

    [SkippableTheory]
    [MemberData(nameof(Faults))]
    public async Task Every_call_ends_in_time_and_says_what_came_of_it(StoreFault fault)
    {
        IKeyStore store = await OpenAsync(fault);
        long serial = await store.SerialAsync(Name);
        Func<Task> heal = await BreakOrSkipAsync(fault);
        Outcome moved;
        Outcome found;
        Outcome? probed;
        try
        {
            moved = await EndsInTimeAsync(async () =>
                await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
            );
            found = await EndsInTimeAsync(() => store.EpochAsync(Name));
            probed = store is IKeyStoreProbe probe ? await EndsInTimeAsync(async () => await probe.ProbeAsync()) : null;
        }
        finally
        {
            await heal();
        }

        if (MustSucceed(fault))
            Assert.Equal((Outcome.Done, Outcome.Done, probed is null ? null : Outcome.Done), (moved, found, probed));
        if (moved != Outcome.Done)
            Assert.NotEqual(Outcome.Done, probed);

        IKeyStore healed = await EventuallyAsync(async () => await OpenAsync(fault));
        if (moved == Outcome.NotDone)
            await Task.Delay(500); // what was said not to have happened does not happen later
        long? epoch = await EventuallyAsync(() => healed.EpochAsync(Name));
        Assert.InRange(epoch!.Value, moved == Outcome.Done ? 1 : 0, moved == Outcome.NotDone ? 0 : 1);
        await EventuallyAsync(async () =>
        {
            await healed.AdvanceAsync(Name, 5);
            return true;
        });
        Assert.Equal(5, await healed.EpochAsync(Name));
    }

    [SkippableTheory]
    [MemberData(nameof(Faults))]
    public async Task A_handshake_ends_in_its_time_and_its_client_is_not_locked_out(StoreFault fault)
    {
        InMemoryKeyStore peer = new(Role == ChannelRole.Server ? ChannelRole.Client : ChannelRole.Server);
        peer.Add(TestKeys.Shared(Name));
        IKeyStore store = await OpenAsync(fault);
        Func<Task> heal = await BreakOrSkipAsync(fault);
        Exception? failure;
        try
        {
            TimeSpan started = FairTime.Now;
            failure = await Record.ExceptionAsync(() =>
                ExchangeAsync(store, peer, TimeoutOf(fault)).WaitAsync(Timeout)
            );
            Assert.InRange(FairTime.Now - started, TimeSpan.Zero, TimeoutOf(fault) + Slack);
        }
        finally
        {
            await heal();
        }

        if (MustSucceed(fault))
            Assert.Null(failure);
        else if (failure is not null)
            Assert.IsType<SecureChannelException>(failure);
        IKeyStore healed = await EventuallyAsync(async () => await OpenAsync(fault));
        await EventuallyAsync(async () =>
        {
            await ExchangeAsync(healed, peer, Timeout);
            return true;
        });
    }

    [SkippableFact]
    public async Task An_odd_row_is_an_error_that_names_its_client()
    {
        IKeyStore store = await OpenAsync(StoreFault.OddRow);
        await BreakOrSkipAsync(StoreFault.OddRow);
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync(Other));
        Assert.Contains(Other, error.Message, StringComparison.Ordinal);
        if (store is IKeyDirectory directory)
            Assert.Equal(
                [Name, Other],
                (await directory.ListAsync(default, 10)).Select(record => record.Id.ToString())
            );
    }

    private async Task<Func<Task>> BreakOrSkipAsync(StoreFault fault)
    {
        Func<Task>? heal = await BreakAsync(fault);
        Skip.If(heal is null, $"A store of this kind, or this machine, has no fault {fault}.");
        return heal!;
    }

    /// <summary>A handshake that must succeed has the time for it, whatever else the machine does.</summary>
    private protected static bool MustSucceed(StoreFault fault) => fault is StoreFault.Slow or StoreFault.OddRow;

    private static TimeSpan TimeoutOf(StoreFault fault) => MustSucceed(fault) ? Timeout : TimeSpan.FromSeconds(2);

    private async Task ExchangeAsync(IKeyStore store, IKeyStore peer, TimeSpan timeout)
    {
        (IKeyStore client, IKeyStore server) = Role == ChannelRole.Server ? (peer, store) : (store, peer);
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions
            {
                Keys = client,
                ClientId = Name,
                HandshakeTimeout = timeout,
            },
            new SecureChannelServerOptions { Keys = server, HandshakeTimeout = timeout }
        );
        await pair.RoundAsync([1], [2]);
    }

    private async Task<Outcome> EndsInTimeAsync(Func<Task> call)
    {
        TimeSpan started = FairTime.Now;
        Exception? failure = await Record.ExceptionAsync(() => Task.Run(call).WaitAsync(Timeout));
        Assert.InRange(FairTime.Now - started, TimeSpan.Zero, Limit + Slack);
        return failure switch
        {
            null => Outcome.Done,
            KeyStoreException { IsOutcomeUnknown: false } => Outcome.NotDone,
            _ => Outcome.Unknown,
        };
    }

    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> call)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(started) < Timeout)
            {
                await Task.Delay(100);
            }
        }
    }
}
