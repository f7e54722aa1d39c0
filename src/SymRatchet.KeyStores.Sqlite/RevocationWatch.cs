using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Polls for ids that were revoked, by whichever process, whenever the file has changed. It goes by the numbers of
/// revocations, not by the time of day, and starts from the first one again if the store was restored from a backup:
/// reporting one twice does no harm. For one enumeration.
/// </summary>
internal sealed class RevocationWatch : IDisposable
{
    private readonly Func<SqliteConnection> _open;
    private readonly StoreFiles _files;
    private readonly SqliteKeyStoreOptions _options;
    private SqliteConnection? _connection;
    private long? _seen;
    private volatile bool _isPolling;

    internal RevocationWatch(
        Func<SqliteConnection> open,
        StoreFiles files,
        SqliteKeyStoreOptions options,
        RevocationPosition[] reported
    )
    {
        _open = open;
        _files = files;
        _options = options;
        Reported = reported;
    }

    /// <summary>
    /// The last revocation that was reported; before the first one, those of the watches that this one follows.
    /// </summary>
    internal RevocationPosition[] Reported { get; private set; }

    /// <summary>Reports revocations until it is cancelled or the file cannot be read.</summary>
    /// <param name="poll">Runs a poll within its time limit.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async IAsyncEnumerable<ClientId> RunAsync(
        Func<
            Func<List<(ClientId Id, RevocationPosition Position)>>,
            Task<List<(ClientId Id, RevocationPosition Position)>>
        > poll,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using PeriodicTimer timer = new(_options.WatchInterval, _options.TimeProvider);
        do
        {
            foreach ((ClientId id, RevocationPosition position) in await poll(Poll).ConfigureAwait(false))
            {
                Reported = [position];
                yield return id;
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    public void Dispose()
    {
        if (!_isPolling) // a poll that hangs still uses it
            _connection?.Dispose();
    }

    private List<(ClientId Id, RevocationPosition Position)> Poll()
    {
        _isPolling = true;
        try
        {
            return ReadNewRevocations();
        }
        finally
        {
            _isPolling = false;
        }
    }

    private List<(ClientId Id, RevocationPosition Position)> ReadNewRevocations()
    {
        _files.Check();
        _connection ??= _open();
        long version = _connection.Number("PRAGMA data_version");
        if (version == _seen)
            return [];
        List<(ClientId Id, RevocationPosition Position)> revoked = [];
        // a restore in place may come between
        using SqliteTransaction view = _connection.BeginTransaction(deferred: true);
        SqliteConnection connection = _connection;
        long from = Reported.All(position => position.IsIn(connection)) ? Reported.Min(position => position.Number) : 0;
        using SqliteCommand revocations = _connection.Prepare(
            """
            SELECT id, revocation, coalesce(tag, 0)
            FROM keys
            LEFT JOIN revocations ON number = revocation
            WHERE revocation > $from
            ORDER BY revocation
            """,
            "$from"
        );
        const int idColumn = 0;
        const int numberColumn = 1;
        const int tagColumn = 2;
        using SqliteDataReader row = revocations.With(from).ExecuteReader();
        while (row.Read())
            revoked.Add(
                (
                    new ClientId(row.GetFieldValue<byte[]>(idColumn)),
                    new RevocationPosition(row.GetInt64(numberColumn), row.GetInt64(tagColumn))
                )
            );
        _seen = version;
        return revoked;
    }
}
