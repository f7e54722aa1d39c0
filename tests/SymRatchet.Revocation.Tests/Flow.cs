using System.Diagnostics;

namespace SymRatchet.Revocation.Tests;

/// <summary>One client at one server, both busy in one way, and all that is to be known of the end of it.</summary>
internal sealed class Flow(Surface surface, Activity activity)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Standstill = TimeSpan.FromMilliseconds(300);

    private readonly byte[] _part = new byte[activity == Activity.Blocked ? 16 * 1024 : 16];
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _serverOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _clientOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _taken;
    private long _given;
    private long _received;
    private volatile string? _wrong;
    private volatile Exception? _ended;

    internal Surface Surface { get; } = surface;

    internal Activity Activity { get; } = activity;

    internal string Name => $"{Surface}-{Activity}";

    internal byte[] Part => _part;

    /// <summary>What must not have happened; null where nothing has.</summary>
    internal string? Wrong => _wrong;

    /// <summary>What the server has taken, what it got rid of, and what the client has received.</summary>
    internal (long Taken, long Given, long Received) Counts =>
        (Interlocked.Read(ref _taken), Interlocked.Read(ref _given), Interlocked.Read(ref _received));

    /// <summary>Whether the client hears anything of its end: one that takes nothing does not.</summary>
    private bool ClientHears => Activity is Activity.Reading or Activity.Writing or Activity.Idle;

    internal void Took() => Interlocked.Increment(ref _taken);

    internal void ServerIsOver()
    {
        _serverOver.TrySetResult(Stopwatch.GetTimestamp());
        _serving.TrySetResult();
    }

    internal void IsServing() => _serving.TrySetResult();

    /// <summary>The server's side, over whatever the surface is.</summary>
    /// <param name="read">Takes one message, or a piece of a stream; false at an end in order.</param>
    /// <param name="write">Sends one, and returns when it is gone.</param>
    /// <param name="ended">How the surface says that the client is gone.</param>
    internal async Task ServeAsync(
        Func<Task<bool>> read,
        Func<ReadOnlyMemory<byte>, Task> write,
        CancellationToken ended
    )
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = ended.Register(gone.SetResult);
        _serving.TrySetResult();
        try
        {
            switch (Activity)
            {
                case Activity.Reading:
                    while (await read())
                        Took();
                    break;
                case Activity.Idle when await read():
                    _wrong = "something came from a client that said nothing";
                    break;
                case Activity.Writing or Activity.Blocked:
                    while (!ended.IsCancellationRequested)
                    {
                        await write(_part);
                        Interlocked.Increment(ref _given);
                        if (Activity == Activity.Writing)
                            await Task.Delay(Pace, CancellationToken.None);
                    }

                    break;
            }
        }
        catch (Exception e)
        {
            _ended = e;
        }

        await gone.Task;
        ServerIsOver();
        await TakeNothingMoreAsync(read);
    }

    /// <summary>The client's side; it ends when the server is over, or says otherwise.</summary>
    internal async Task VisitAsync(Func<ReadOnlyMemory<byte>, Task> send, Func<Task<bool>> receive, Action deafen)
    {
        await _serving.Task;
        bool inOrder = false;
        try
        {
            switch (Activity)
            {
                case Activity.Reading:
                    while (true)
                    {
                        await send(_part);
                        await Task.Delay(Pace);
                    }

                case Activity.Writing
                or Activity.Idle:
                    while (await receive())
                        Interlocked.Increment(ref _received);
                    inOrder = true;
                    break;
                case Activity.NeverReads:
                    await send(_part);
                    await Task.Delay(Standstill); // what was sent is on its way
                    deafen();
                    break;
                default:
                    deafen();
                    break;
            }
        }
        catch (Exception e)
        {
            _ended ??= e;
        }

        if (inOrder)
            _wrong = "the client was told that all was said";
        _clientOver.TrySetResult(Stopwatch.GetTimestamp());
    }

    /// <summary>Waits until what is to go on goes on.</summary>
    internal async Task BeginAsync(TimeSpan patience)
    {
        await _serving.Task.WaitAsync(patience);
        long started = Stopwatch.GetTimestamp();
        while (!await IsBusyAsync())
        {
            if (_serverOver.Task.IsCompleted || (ClientHears && _clientOver.Task.IsCompleted))
                throw new InvalidOperationException($"{Name} ended before it was revoked: {_wrong} {_ended}");
            if (Stopwatch.GetElapsedTime(started) > patience)
                throw new TimeoutException($"{Name} does not get going: {Counts} {_ended}");
        }
    }

    /// <summary>How long after an instant both sides were over.</summary>
    internal async Task<TimeSpan> EndAsync(long since, TimeSpan patience)
    {
        try
        {
            long over = await _serverOver.Task.WaitAsync(patience);
            if (ClientHears)
                over = Math.Max(over, await _clientOver.Task.WaitAsync(patience));
            return over <= since ? TimeSpan.Zero : Stopwatch.GetElapsedTime(since, over);
        }
        catch (TimeoutException)
        {
            _wrong = _serverOver.Task.IsCompleted
                ? "the client was not told"
                : $"the server goes on ({_ended?.Message})";
            return Timeout.InfiniteTimeSpan;
        }
    }

    /// <summary>Holds that nothing was taken, given or received since these were the counts.</summary>
    internal void StoodStillSince((long Taken, long Given, long Received) counts)
    {
        if (Counts != counts)
            _wrong ??= $"it went on after its end: {counts}, then {Counts}";
    }

    private async Task<bool> IsBusyAsync()
    {
        await Task.Delay(Pace);
        (long taken, long given, long received) = Counts;
        switch (Activity)
        {
            case Activity.Reading:
                return taken >= 3;
            case Activity.Writing:
                return received >= 3;
            case Activity.Blocked:
                await Task.Delay(Standstill);
                return given + taken > 0 && Counts == (taken, given, received);
            case Activity.NeverReads:
                return _clientOver.Task.IsCompleted;
            default:
                return true;
        }
    }

    // What had arrived by then stays where it is.
    private async Task TakeNothingMoreAsync(Func<Task<bool>> read)
    {
        try
        {
            if (Activity != Activity.Idle && !Matrix.HasQueueOfItsOwn(Surface) && await read().WaitAsync(Standstill))
                _wrong = "the server took something after the end";
        }
        catch (Exception)
        {
            // As it should.
        }
    }
}
