using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// One call's use of a pooled connection: statements that are prepared once for each connection, and a limit that holds
/// whatever the server or the driver does. A call whose time is up is abandoned: it keeps its connection and its
/// secrets until it really ends.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "Its token source holds nothing, and a call that was left to itself outlives its owner."
)]
internal sealed class StoreSession
{
    // The stages of a session. A change is begun or the call is abandoned, whichever comes first; so a change that was
    // reported as not made is not made later.
    private const int Working = 0;
    private const int Changing = 1;
    private const int Abandoned = 2;

    private const string Error = "ERROR";
    private const string Warning = "WARNING";

    // Not linked to the caller's token: where a command runs, the driver's callback connects to the server and waits
    // for it.
    private readonly CancellationTokenSource _ending = new();

    private volatile NpgsqlConnection? _connection;
    private volatile PostgresNotice? _warning;
    private int _stage;

    private StoreSession() { }

    private NpgsqlConnection Connection => _connection!;

    /// <summary>
    /// Runs a call within its time, its wait for a slot of the pool included, and translates what goes wrong into a
    /// <see cref="KeyStoreException"/>.
    /// </summary>
    /// <param name="source">The database.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="call">The statements.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="secrets">Erased when the call has really ended, or did not begin.</param>
    internal static async ValueTask<T> RunAsync<T>(
        NpgsqlDataSource source,
        TimeSpan timeout,
        Func<StoreSession, ValueTask<T>> call,
        CancellationToken cancellationToken,
        IDisposable? secrets = null
    )
    {
        long started = Stopwatch.GetTimestamp();
        Slots slots = PoolSlots.Of(source);
        bool hasSlot = false;
        try
        {
            hasSlot = await slots.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!hasSlot)
                secrets?.Dispose();
        }

        if (!hasSlot)
            throw new KeyStoreException(
                $"No connection to the key database was free within {timeout.TotalSeconds:0.#} s."
            );

        // A call whose caller gives up keeps its slot, as it keeps its connection.
        void End()
        {
            slots.Release();
            secrets?.Dispose();
        }

        TimeSpan waited = Stopwatch.GetElapsedTime(started);
        TimeSpan left = waited < timeout ? timeout - waited : TimeSpan.Zero;
        return await WaitAsync(source, left, timeout, call, End, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a call of a watch, for which the pool has a reserve: no other call holds it up.</summary>
    internal static ValueTask<T> RunReservedAsync<T>(
        NpgsqlDataSource source,
        TimeSpan timeout,
        Func<StoreSession, ValueTask<T>> call,
        CancellationToken cancellationToken
    ) => WaitAsync(source, timeout, timeout, call, static () => { }, cancellationToken);

    private static async ValueTask<T> WaitAsync<T>(
        NpgsqlDataSource source,
        TimeSpan left,
        TimeSpan timeout,
        Func<StoreSession, ValueTask<T>> call,
        Action end,
        CancellationToken cancellationToken
    )
    {
        StoreSession session = new();
        var work = Task.Run(
            async () =>
            {
                try
                {
                    return await session.WorkAsync(source, call).ConfigureAwait(false);
                }
                finally
                {
                    end();
                }
            },
            CancellationToken.None
        );
        try
        {
            return await work.WaitAsync(left, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new KeyStoreException($"The key database did not answer within {timeout.TotalSeconds:0.#} s.", e)
            {
                IsOutcomeUnknown = session.Abandon(work),
            };
        }
        catch (OperationCanceledException)
        {
            session.Abandon(work);
            throw;
        }
    }

    /// <summary>
    /// Runs the statements of <paramref name="work"/> as one transaction, which is rolled back if it throws.
    /// </summary>
    internal async ValueTask<T> InTransactionAsync<T>(Func<ValueTask<T>> work)
    {
        await ExecuteScriptAsync("BEGIN").ConfigureAwait(false);
        await CheckDurabilityAsync().ConfigureAwait(false);
        T result = await work().ConfigureAwait(false);
        await ChangeAsync(() => ExecuteScriptAsync("COMMIT")).ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// Refuses a connection that would report commits before they are durable; holds until the transaction ends.
    /// </summary>
    internal async ValueTask CheckDurabilityAsync()
    {
        const int isDurableColumn = 0;
        List<bool> answers = await ReadAsync(StoreStatements.CheckDurability, row => row.GetBoolean(isDurableColumn))
            .ConfigureAwait(false);
        if (answers is not [true])
            throw StoreSchema.IsOff("synchronous_commit");
    }

    /// <summary>
    /// Runs the one statement that commits a change. If it is not known to be durable afterwards, its outcome is
    /// reported as unknown.
    /// </summary>
    internal async ValueTask<T> ChangeAsync<T>(Func<ValueTask<T>> commit)
    {
        if (Interlocked.CompareExchange(ref _stage, Changing, Working) == Abandoned)
            throw new OperationCanceledException();
        _warning = null;
        T result;
        try
        {
            result = await commit().ConfigureAwait(false);
        }
        catch (PostgresException e)
            when (e.InvariantSeverity == Error && e.SqlState != PostgresErrorCodes.StatementCompletionUnknown)
        {
            // The server reports that it rolled the change back.
            Volatile.Write(ref _stage, Working);
            throw;
        }

        // A wait for a standby that is given up is a warning only: committed here, and perhaps nowhere else.
        if (_warning is { } warning)
            throw new KeyStoreException($"The key database warned at a commit: {warning.MessageText}")
            {
                IsOutcomeUnknown = true,
            };
        return result;
    }

    internal async ValueTask<int> ExecuteAsync(string sql, params object?[] values)
    {
        using NpgsqlCommand command = await PrepareAsync(sql, values).ConfigureAwait(false);
        return await command.ExecuteNonQueryAsync(_ending.Token).ConfigureAwait(false);
    }

    /// <summary>Runs several statements that are used once, without parameters.</summary>
    internal async ValueTask<bool> ExecuteScriptAsync(string sql)
    {
        using NpgsqlCommand command = Command(sql);
        await command.ExecuteNonQueryAsync(_ending.Token).ConfigureAwait(false);
        return true;
    }

    internal async ValueTask<string?> TextAsync(string sql)
    {
        using NpgsqlCommand command = Command(sql);
        return await command.ExecuteScalarAsync(_ending.Token).ConfigureAwait(false) as string;
    }

    internal async ValueTask<long> NumberAsync(string sql)
    {
        using NpgsqlCommand command = await PrepareAsync(sql).ConfigureAwait(false);
        return (long)(await command.ExecuteScalarAsync(_ending.Token).ConfigureAwait(false))!;
    }

    /// <summary>Reads all rows, which are few.</summary>
    internal async ValueTask<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        using NpgsqlCommand command = await PrepareAsync(sql, values).ConfigureAwait(false);
        NpgsqlDataReader row = await command.ExecuteReaderAsync(_ending.Token).ConfigureAwait(false);
        List<T> rows = [];
        try
        {
            await using (row.ConfigureAwait(false))
            {
                while (await row.ReadAsync(_ending.Token).ConfigureAwait(false))
                    rows.Add(read(row));

                // What goes wrong at the commit comes after the rows.
                await row.NextResultAsync(_ending.Token).ConfigureAwait(false);
                return rows;
            }
        }
        catch
        {
            rows.ForEach(found => (found as IDisposable)?.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Listens until the session is ended. Calls <paramref name="heard"/> at every sign of life, with whether it was an
    /// announcement.
    /// </summary>
    internal async ValueTask<bool> ListenAsync(string listen, TimeSpan keepAlive, Action<bool> heard)
    {
        // An announcement may also come between the answers of a keepalive, which a wait for the next message does not
        // report.
        void Hear(object sender, NpgsqlNotificationEventArgs news) => heard(true);
        Connection.Notification += Hear;
        try
        {
            await ExecuteScriptAsync(listen).ConfigureAwait(false);
            heard(true); // what was announced before it listened
            while (true)
            {
                if (!await Connection.WaitAsync(keepAlive, _ending.Token).ConfigureAwait(false))
                    await ExecuteScriptAsync("SELECT 1").ConfigureAwait(false);
                heard(false);
            }
        }
        finally
        {
            Connection.Notification -= Hear;
        }
    }

    private async Task<T> WorkAsync<T>(NpgsqlDataSource source, Func<StoreSession, ValueTask<T>> call)
    {
        try
        {
            NpgsqlConnection connection = await source.OpenConnectionAsync(_ending.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                connection.Notice += (_, notice) =>
                    _warning = notice.Notice.InvariantSeverity == Warning ? notice.Notice : _warning;
                _connection = connection;
                return await call(this).ConfigureAwait(false);
            }
        }
        catch (Exception e)
            when (e is NpgsqlException or TimeoutException or SocketException or InvalidOperationException)
        {
            throw new KeyStoreException($"The key database failed: {e.Message}", e)
            {
                IsOutcomeUnknown = Volatile.Read(ref _stage) == Changing,
            };
        }
    }

    /// <summary>Abandons the work, and breaks its connection.</summary>
    /// <returns>Whether a change had begun, whose outcome is unknown.</returns>
    private bool Abandon<T>(Task<T> work)
    {
        bool isChanging = Interlocked.CompareExchange(ref _stage, Abandoned, Working) == Changing;

        work.Abandon();

        // To end a command the driver asks the server to cancel it, and blocks until the server has answered or the
        // driver's own limit has passed. So that takes a thread of its own, of which there are at most as many as the
        // pool has connections.
        if (_connection is null)
            _ = _ending.CancelAsync();
        else
            _ = Task.Factory.StartNew(
                _ending.Cancel,
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
        return isChanging;
    }

    // A statement that this connection has prepared before, in this call or another, is not prepared again.
    private async ValueTask<NpgsqlCommand> PrepareAsync(string sql, params object?[] values)
    {
        NpgsqlCommand command = Command(sql);
        foreach (object? value in values)
            command.Parameters.Add(
                new NpgsqlParameter { Value = value is ClientId id ? id.ToArray() : value ?? DBNull.Value }
            );
        await command.PrepareAsync(_ending.Token).ConfigureAwait(false);
        return command;
    }

    // The limit is the session's; the driver's own would block a thread of the pool when it has passed.
    private NpgsqlCommand Command(string sql) => new(sql, Connection) { CommandTimeout = 0 };
}
