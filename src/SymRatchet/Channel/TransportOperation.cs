using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace SymRatchet.Channel;

/// <summary>
/// One read or flush of a transport at a time. The wait for it ends with its caller's token or with the channel, since
/// a transport may never return. The operation stays pending after that: the next wait resumes it, or it is abandoned
/// and reported through a callback when it completes.
/// </summary>
/// <param name="onAbandonedCompleted">
/// Called once when an abandoned operation completes: with its result, or its exception.
/// </param>
internal sealed class TransportOperation<T>(Action<T?, Exception?> onAbandonedCompleted) : IValueTaskSource<T?>
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<T?> _wait;
    private ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _operation;
    private Action? _onCompleted;
    private CancellationTokenRegistration _registration;
    private CancellationToken _canceledBy;
    private bool _hasOperation;
    private bool _isPending;
    private bool _isWaiting;
    private bool _isAbandoned;
    private bool _hasEnded;

    /// <summary>Whether an operation was started whose result was not taken.</summary>
    internal bool HasOperation => _hasOperation;

    /// <summary>Whether the last operation has not completed yet.</summary>
    internal bool IsPending
    {
        get
        {
            lock (_gate)
                return _isPending;
        }
    }

    /// <summary>Starts to track an operation. There must be no other.</summary>
    internal void Begin(ValueTask<T> operation)
    {
        _operation = operation.ConfigureAwait(false).GetAwaiter();
        _hasOperation = true;
        if (_operation.IsCompleted)
            return;
        _isPending = true;
        _operation.UnsafeOnCompleted(_onCompleted ??= OnCompleted);
    }

    /// <summary>
    /// Waits for the operation. Cancelling ends the wait and not the operation. When the channel ends, the wait returns
    /// the default value at once, and the caller checks the lifetime.
    /// </summary>
    internal ValueTask<T?> WaitAsync(CancellationToken cancellationToken)
    {
        bool isPending;
        lock (_gate)
        {
            if (_hasEnded)
                return default;
            isPending = _isPending;
            if (isPending)
            {
                _wait.Reset();
                _wait.RunContinuationsAsynchronously = false;
                _isWaiting = true;
                _canceledBy = cancellationToken;
            }
        }

        if (!isPending)
            return new ValueTask<T?>(TakeResult());
        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(
                static (self, token) => ((TransportOperation<T>)self!).Cancel(token),
                this
            );
        return new ValueTask<T?>(this, _wait.Version);
    }

    /// <summary>
    /// Ends the current wait and all later ones. A pending operation is reported after <see cref="Abandon"/>.
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

    /// <summary>Abandons the operation, which is reported when it completes, perhaps at once.</summary>
    /// <returns>False if there is none, so nothing will be reported.</returns>
    internal bool Abandon()
    {
        bool isPending;
        lock (_gate)
        {
            if (!_hasOperation)
                return false;
            isPending = _isAbandoned = _isPending;
        }

        if (!isPending)
            ReportAbandoned();
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
            // The token may be that of an earlier wait.
            if (token != _canceledBy || !StopWaiting())
                return;
        }

        _wait.SetException(new OperationCanceledException(token));
    }

    // The waiter's continuation must not run inside the call that ends or cancels, which is not its own.
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
            isAbandoned;
        lock (_gate)
        {
            _isPending = false;
            (isAwaited, _isWaiting) = (_isWaiting, false);
            (isAbandoned, _isAbandoned) = (_isAbandoned, false);
        }

        if (isAbandoned)
            ReportAbandoned();
        else if (isAwaited)
            CompleteWait();
        // Otherwise the next wait takes the result.
    }

    private void CompleteWait()
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

    private void ReportAbandoned()
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

        onAbandonedCompleted(result, failure);
    }

    private T TakeResult()
    {
        _hasOperation = false;
        ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter operation = _operation;
        _operation = default;
        return operation.GetResult();
    }
}
