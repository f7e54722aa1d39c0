namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A change with an outcome.</summary>
internal sealed class PendingChange<T>(Func<KeyWrites, T> change) : PendingWrite
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _outcome;
    private Exception? _refusal;

    internal Task<T> Result => _result.Task;

    internal override void Run(KeyWrites writes)
    {
        _refusal = null;
        _outcome = change(writes);
    }

    internal override void Refuse(Exception refusal) => _refusal = refusal;

    internal override void Report()
    {
        if (_refusal is null)
            _result.TrySetResult(_outcome!);
        else
            Fail(_refusal);
    }

    internal override void Fail(Exception failure)
    {
        _result.TrySetException(failure);
        _ = _result.Task.Exception; // the caller has gone
    }
}
