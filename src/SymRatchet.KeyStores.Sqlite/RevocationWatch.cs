using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Looks for ids that were revoked, by whichever process, as often as the file has changed. It goes by the numbers of
/// revocations, not by the time of day, and from the first one again where the store was put back: telling twice does
/// no harm. For one enumeration.
/// </summary>
internal sealed class RevocationWatch : IDisposable
{
    private readonly Func<SqliteConnection> _open;
    private readonly StoreFiles _files;
    private readonly SqliteKeyStoreOptions _options;
    private SqliteConnection? _connection;
    private long? _seen;
    private volatile bool _isLooking;

    internal RevocationWatch(
        Func<SqliteConnection> open,
        StoreFiles files,
        SqliteKeyStoreOptions options,
        RevocationPosition[] told
    )
    {
        _open = open;
        _files = files;
        _options = options;
        Told = told;
    }

    /// <summary>
    /// The last revocation that was told; before the first one, those of the watches that this one follows.
    /// </summary>
    internal RevocationPosition[] Told { get; private set; }

    /// <summary>Tells of revocations until it is cancelled or the file cannot be read.</summary>
    /// <param name="look">Runs a look within its time.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async IAsyncEnumerable<ClientId> RunAsync(
        Func<
            Func<List<(ClientId Id, RevocationPosition Position)>>,
            Task<List<(ClientId Id, RevocationPosition Position)>>
        > look,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using PeriodicTimer timer = new(_options.WatchInterval, _options.TimeProvider);
        do
        {
            foreach ((ClientId id, RevocationPosition position) in await look(Look).ConfigureAwait(false))
            {
                Told = [position];
                yield return id;
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    public void Dispose()
    {
        if (!_isLooking) // a look that hangs still uses it
            _connection?.Dispose();
    }

    private List<(ClientId Id, RevocationPosition Position)> Look()
    {
        _isLooking = true;
        try
        {
            return ReadNewRevocations();
        }
        finally
        {
            _isLooking = false;
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
        long from = Told.All(position => position.IsIn(connection)) ? Told.Min(position => position.Number) : 0;
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
