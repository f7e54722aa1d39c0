using System.Collections.Concurrent;
using System.Diagnostics;

namespace SymRatchet.Exploration.Machine;

/// <summary>
/// Stops every continuation that hops to the thread pool, until the scheduler lets it run: one thread at a time, in an
/// order that is chosen. A continuation enters its run's execution context, and the change of the local below is where
/// it is caught.
/// </summary>
internal sealed class HopGate
{
    // A thread of the pool that is busy with something else must not hold up a run for ever.
    private static readonly TimeSpan LongestMove = TimeSpan.FromMilliseconds(500);

    private static readonly AsyncLocal<HopGate?> Local = new(OnChanged);

    private readonly ConcurrentQueue<Hop> _arrived = new();
    private readonly List<Hop> _waiting = [];
    private volatile Hop? _running;
    private volatile Thread? _holder = Thread.CurrentThread;
    private volatile bool _isOpen;
    private int _busyBefore;
    private volatile int _depth;

    /// <summary>Whether the one thread that may run waits for something.</summary>
    internal bool IsBlocked =>
        _holder is { } holder && holder.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin);

    /// <summary>Whatever this thread starts from now on belongs to this gate.</summary>
    internal void Enter()
    {
        _holder = Thread.CurrentThread;
        _busyBefore = Busy();
        for (int i = 0; i < 10; i++)
        {
            // What the run before has left may still be on its way out.
            Thread.Yield();
            _busyBefore = Math.Min(_busyBefore, Busy());
        }

        Local.Value = this;
    }

    /// <summary>Lets whatever is left of a run go its way, uncontrolled, so that no thread is kept.</summary>
    internal void Open()
    {
        _isOpen = true;
        Local.Value = null;
        Settle();
        lock (_waiting)
        {
            foreach (Hop hop in _waiting)
                hop.Go.Set();
            _waiting.Clear();
        }
    }

    /// <summary>
    /// Waits until every hop that is under way has come to the gate: nothing is queued, and no thread of the pool is
    /// busy but those that stand here, those whose hops run, and those that were busy before.
    /// </summary>
    /// <returns>How many stand there.</returns>
    internal int Settle()
    {
        long started = Stopwatch.GetTimestamp();
        for (int calm = 0; calm < 3; calm++)
        {
            while (IsMoving(Stopwatch.GetElapsedTime(started)))
            {
                calm = 0;
                Thread.Yield();
            }

            Thread.SpinWait(10);
        }

        lock (_waiting)
        {
            while (_arrived.TryDequeue(out Hop? hop))
                _waiting.Add(hop);
            return _waiting.Count;
        }
    }

    private bool IsMoving(TimeSpan elapsed)
    {
        if (ThreadPool.PendingWorkItemCount > 0)
            return true;
        if (elapsed > LongestMove)
            return false;
        int standing;
        lock (_waiting)
            standing = _waiting.Count + _arrived.Count;
        return Busy() > _busyBefore + standing + _depth;
    }

    private static int Busy()
    {
        ThreadPool.GetMaxThreads(out int most, out _);
        ThreadPool.GetAvailableThreads(out int available, out _);
        return most - available;
    }

    /// <summary>Lets one hop run, on its own thread, until it leaves; meanwhile this thread waits.</summary>
    internal void Run(int index)
    {
        Hop hop;
        lock (_waiting)
        {
            hop = _waiting[index];
            _waiting.RemoveAt(index);
        }

        (Hop? outer, Thread? holder) = (_running, _holder);
        _running = hop;
        _holder = hop.Thread;
        _depth++;
        hop.Go.Set();
        hop.Left.Wait();
        _depth--;
        _running = outer;
        _holder = holder;
    }

    private static void OnChanged(AsyncLocalValueChangedArgs<HopGate?> change)
    {
        if (!change.ThreadContextChanged)
            return;
        if (change.CurrentValue is { } entered)
            entered.Arrive();
        else
            change.PreviousValue?.Leave();
    }

    private void Arrive()
    {
        if (_isOpen || _holder == Thread.CurrentThread)
            return;
        Hop hop = new(Thread.CurrentThread);
        _arrived.Enqueue(hop);
        hop.Go.Wait();
    }

    private void Leave()
    {
        if (_running is not { } hop || hop.Thread != Thread.CurrentThread)
            return;

        // This thread may go on to another continuation before the one that waits has woken: that one is to arrive,
        // too.
        _holder = null;
        hop.Left.Set();
    }

    private sealed record Hop(Thread Thread)
    {
        internal ManualResetEventSlim Go { get; } = new();

        internal ManualResetEventSlim Left { get; } = new();
    }
}
