using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace SymRatchet.Channel;

/// <summary>
/// One read or flush of a transport at a time, awaited for as long as its caller and the channel want, and no longer: a
/// transport is not trusted to come back. An operation that nobody waits for any more is still owned here. It is taken
/// up again by the next wait, or it is left behind and tells when it has come back.
/// </summary>
/// <param name="cameBack">Called once for an operation that was left behind: with its result, or what it threw.</param>
internal sealed class TransportOperation<T>(Action<T?, Exception?> cameBack) : IValueTaskSource<T?>
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<T?> _wait;
    private ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _operation;
    private Action? _onCompleted;
    private CancellationTokenRegistration _registration;
    private CancellationToken _canceledBy;
    private bool _hasOperation;
    private bool _isOut;
    private bool _isWaiting;
    private bool _isLeft;
    private bool _hasEnded;

    /// <summary>Whether an operation was begun whose result nobody has taken.</summary>
    internal bool HasOperation => _hasOperation;

    /// <summary>Whether the transport has not come back yet from the operation that was begun last.</summary>
    internal bool IsOut
    {
        get
        {
            lock (_gate)
                return _isOut;
        }
    }

    /// <summary>Takes an operation over. There is no other.</summary>
    internal void Begin(ValueTask<T> operation)
    {
        _operation = operation.ConfigureAwait(false).GetAwaiter();
        _hasOperation = true;
        if (_operation.IsCompleted)
            return;
        _isOut = true;
        _operation.UnsafeOnCompleted(_onCompleted ??= OnCompleted);
    }

    /// <summary>
    /// Waits for the operation. Cancelled, the operation goes on. When the channel ends, it returns at once and with
    /// nothing: the caller asks the lifetime.
    /// </summary>
    internal ValueTask<T?> WaitAsync(CancellationToken cancellationToken)
    {
        bool isOut;
        lock (_gate)
        {
            if (_hasEnded)
                return default;
            isOut = _isOut;
            if (isOut)
            {
                _wait.Reset();
                _wait.RunContinuationsAsynchronously = false;
                _isWaiting = true;
                _canceledBy = cancellationToken;
            }
        }

        if (!isOut)
            return new ValueTask<T?>(TakeResult());
        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(
                static (self, token) => ((TransportOperation<T>)self!).Cancel(token),
                this
            );
        return new ValueTask<T?>(this, _wait.Version);
    }

    /// <summary>
    /// Releases whoever waits, for good. What is out comes back through the callback of <see cref="LeaveBehind"/>.
    /// </summary>
    internal void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            if (!StopWaiting())
                return;
        }

        _wait.SetResult(default);
    }

    /// <summary>
    /// Gives up an operation whose result nobody has taken; it tells when it has come back, which may be at once.
    /// </summary>
    /// <returns>False where there is none, so that nobody will be told.</returns>
    internal bool LeaveBehind()
    {
        bool isOut;
        lock (_gate)
        {
            if (!_hasOperation)
                return false;
            isOut = _isLeft = _isOut;
        }

        if (!isOut)
            Tell();
        return true;
    }

    T? IValueTaskSource<T?>.GetResult(short token)
    {
        _registration.Unregister();
        _registration = default;
        return _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<T?>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<T?>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _wait.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            // A token of an earlier wait may come late.
            if (token != _canceledBy || !StopWaiting())
                return;
        }

        _wait.SetException(new OperationCanceledException(token));
    }

    // The waiter's continuation must not run in the call that ends or cancels: that is somebody else's.
    private bool StopWaiting()
    {
        if (!_isWaiting)
            return false;
        _isWaiting = false;
        _wait.RunContinuationsAsynchronously = true;
        return true;
    }

    private void OnCompleted()
    {
        bool isAwaited,
            isLeft;
        lock (_gate)
        {
            _isOut = false;
            (isAwaited, _isWaiting) = (_isWaiting, false);
            (isLeft, _isLeft) = (_isLeft, false);
        }

        if (isLeft)
            Tell();
        else if (isAwaited)
            Answer();
        // What nobody waits for is there for the next wait.
    }

    private void Answer()
    {
        try
        {
            _wait.SetResult(TakeResult());
        }
        catch (Exception e)
        {
            _wait.SetException(e);
        }
    }

    private void Tell()
    {
        T? result = default;
        Exception? failure = null;
        try
        {
            result = TakeResult();
        }
        catch (Exception e)
        {
            failure = e;
        }

        cameBack(result, failure);
    }

    private T TakeResult()
    {
        _hasOperation = false;
        ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter operation = _operation;
        _operation = default;
        return operation.GetResult();
    }
}
