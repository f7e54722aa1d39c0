using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The one writer of a store. Changes that arrive while a commit waits for the disk form the next group: one
/// transaction and one wait for all of them. Each change of a group fails by itself. It is reported once its group is
/// durable.
/// </summary>
internal sealed class GroupWriter : IAsyncDisposable
{
    private const int MaxGroup = 512;
    private const int MaxWaiting = 16 * 1024;

    private static readonly TimeSpan CleanAgain = TimeSpan.FromMilliseconds(250);

    private readonly Channel<PendingWrite> _queue = System.Threading.Channels.Channel.CreateBounded<PendingWrite>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = false }
    );
    private readonly Func<SqliteConnection> _open;
    private readonly Func<SqliteConnection, KeyWrites> _prepare;
    private readonly string _path;
    private readonly StoreFiles _files;
    private readonly LogCleaner _cleaner;
    private readonly TimeSpan _limit;
    private readonly Task _running;
    private volatile bool _isClosing;
    private SqliteConnection? _connection;
    private KeyWrites? _writes;

    /// <summary>Starts the writer.</summary>
    /// <param name="path">The store.</param>
    /// <param name="files">Its files.</param>
    /// <param name="cleaner">What is done after a commit.</param>
    /// <param name="limit">How long a change may take, the changes before it included.</param>
    /// <param name="open">Opens a connection.</param>
    /// <param name="prepare">Compiles the statements.</param>
    internal GroupWriter(
        string path,
        StoreFiles files,
        LogCleaner cleaner,
        TimeSpan limit,
        Func<SqliteConnection> open,
        Func<SqliteConnection, KeyWrites> prepare
    )
    {
        _path = path;
        _files = files;
        _cleaner = cleaner;
        _limit = limit;
        _open = open;
        _prepare = prepare;
        _running = Task.Run(RunAsync);
    }

    /// <summary>
    /// Runs a change in the next group. A change whose caller gives up before it was begun is not run.
    /// </summary>
    /// <param name="change">The change.</param>
    /// <param name="owned">
    /// What the change uses and its caller might erase too early: it is erased when the writer is done with it.
    /// </param>
    /// <param name="isAdvance">Whether it moves a key forward.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask<T> WriteAsync<T>(
        Func<KeyWrites, T> change,
        IDisposable? owned,
        bool isAdvance,
        CancellationToken cancellationToken
    )
    {
        PendingChange<T> write = new(change) { IsAdvance = isAdvance, Owned = owned };
        if (cancellationToken.IsCancellationRequested || !_queue.Writer.TryWrite(write))
        {
            owned?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_isClosing, typeof(SqliteKeyStore));
            throw new KeyStoreException(
                $"The key store {_path} has {MaxWaiting} changes waiting, and takes no more: its disk or a lock hangs."
            );
        }

        // It may come to its end at the moment when its time is up.
        await ((Task)write.Result)
            .WaitAsync(_limit, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (write.Result.IsCompleted)
            return await write.Result.ConfigureAwait(false);
        bool isOutcomeUnknown = !write.TryAbandon();
        cancellationToken.ThrowIfCancellationRequested();
        throw StoreFailure.Late(_path, _limit, isOutcomeUnknown);
    }

    /// <summary>Finishes what waits. A writer that hangs is abandoned, and its callers get an exception.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        _queue.Writer.TryComplete();
        await _running.WaitAsync(_limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_running.IsCompleted)
            Close();
        while (_queue.Reader.TryRead(out PendingWrite? write))
        {
            write.Fail(StoreFailure.Late(_path, _limit, isOutcomeUnknown: false));
            write.Owned?.Dispose();
        }
    }

    private async Task RunAsync()
    {
        List<PendingWrite> group = [];
        while (await WaitAsync().ConfigureAwait(false))
        {
            while (group.Count < MaxGroup && _queue.Reader.TryRead(out PendingWrite? write))
            {
                if (write.TryStart())
                    group.Add(write);
                else
                    write.Owned?.Dispose();
            }

            if (group.Count > 0)
                Commit(group);
            group.Clear();
        }

        if (_cleaner.IsBehind)
            Clean();
    }

    // While old keys wait to be erased that is tried again and again, changes or none.
    private async Task<bool> WaitAsync()
    {
        Task<bool> waiting = _queue.Reader.WaitToReadAsync().AsTask();
        while (
            _cleaner.IsBehind && await Task.WhenAny(waiting, Task.Delay(CleanAgain)).ConfigureAwait(false) != waiting
        )
            Clean();
        return await waiting.ConfigureAwait(false);
    }

#pragma warning disable CA1031 // a failure is handed to the callers that wait, and the writer goes on
    private void Commit(List<PendingWrite> group)
    {
        bool isCommitting = false;
        try
        {
            _files.Check();
            Connect();
            if (_cleaner.IsOverdue)
                _cleaner.Clean(_connection!);
            _connection!.Execute("BEGIN IMMEDIATE");
            foreach (PendingWrite write in group)
                Run(write);
            _files.Check();
            isCommitting = true;
            _connection!.Execute("COMMIT");
            _files.Check();
            _cleaner.Clean(_connection!);
            foreach (PendingWrite write in group)
                write.Report();
        }
        catch (SqliteException e) when (group.Count > 1 && StoreFailure.IsDamage(e))
        {
            // SQLite refuses the whole commit once it has met a damaged page. Changes that do not need that page can go
            // on.
            Close();
            foreach (PendingWrite write in group)
                Commit([write]);
            return;
        }
        catch (Exception e)
        {
            Exception failure = e switch
            {
                SqliteException sqlite => StoreFailure.Of(
                    _path,
                    sqlite,
                    isCommitting && !StoreFailure.IsRefusal(sqlite)
                ),
                KeyStoreException when isCommitting => StoreFailure.Replaced(_path, isOutcomeUnknown: true),
                _ => e,
            };
            foreach (PendingWrite write in group)
                write.Fail(failure);
            Close(); // which rolls back what is not committed; the next group opens its own
        }

        foreach (PendingWrite write in group)
            write.Owned?.Dispose();
    }

    private void Run(PendingWrite write)
    {
        if (write.IsAdvance && _cleaner.IsOverdue)
        {
            write.Refuse(_cleaner.Overdue);
            return;
        }

        try
        {
            write.Run(_writes!);
        }
        // SQLite ends the whole of it where the disk is full or fails
        catch (Exception e) when (_writes!.IsInTransaction)
        {
            write.Refuse(e is SqliteException sqlite ? StoreFailure.Of(_path, sqlite) : e);
        }
    }

    private void Clean()
    {
        try
        {
            _files.Check();
            Connect();
            _cleaner.Clean(_connection!);
        }
        catch (Exception)
        {
            Close(); // the next change reports what is wrong
        }
    }

    private void Connect()
    {
        _connection ??= _open();
        _writes ??= _prepare(_connection);
    }

    private void Close()
    {
        try
        {
            _writes?.Dispose();
            _connection?.Dispose();
        }
        catch (Exception)
        {
            // It is abandoned, whatever it throws.
        }

        _writes = null;
        _connection = null;
    }
#pragma warning restore CA1031
}
