using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Looks for ids that were revoked, by whichever process, as often as the file has changed. It goes by the numbers of revocations, not by
/// the time of day. For one enumeration.
/// </summary>
internal sealed class RevocationWatch : IDisposable
{
    private readonly Func<SqliteConnection> _open;
    private readonly StoreFiles _files;
    private readonly SqliteKeyStoreOptions _options;
    private SqliteConnection? _connection;
    private long? _seen;
    private volatile bool _isLooking;

    internal RevocationWatch(Func<SqliteConnection> open, StoreFiles files, SqliteKeyStoreOptions options, long told)
    {
        _open = open;
        _files = files;
        _options = options;
        Told = told;
    }

    /// <summary>The number of the last revocation that was told.</summary>
    internal long Told { get; private set; }

    /// <summary>Tells of revocations until it is cancelled or the file cannot be read.</summary>
    /// <param name="look">Runs a look within its time.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async IAsyncEnumerable<ReadOnlyMemory<byte>> RunAsync(
        Func<Func<List<(byte[] Id, long Number)>>, Task<List<(byte[] Id, long Number)>>> look, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(_options.WatchInterval, _options.TimeProvider);
        do
        {
            foreach ((byte[] id, long number) in await look(Look).ConfigureAwait(false))
            {
                Told = number;
                yield return id;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    public void Dispose()
    {
        if (!_isLooking) // a look that hangs still uses it
            _connection?.Dispose();
    }

    private List<(byte[] Id, long Number)> Look()
    {
        _isLooking = true;
        try
        {
            return Untold();
        }
        finally
        {
            _isLooking = false;
        }
    }

    private List<(byte[] Id, long Number)> Untold()
    {
        _files.Check();
        _connection ??= _open();
        long version = _connection.Number("PRAGMA data_version");
        if (version == _seen)
            return [];
        List<(byte[] Id, long Number)> revoked = [];
        using SqliteCommand untold = _connection.Prepare("SELECT id, revocation FROM keys WHERE revocation > $told ORDER BY revocation", "$told");
        using SqliteDataReader row = untold.With(Told).ExecuteReader();
        while (row.Read())
            revoked.Add((row.GetFieldValue<byte[]>(0), row.GetInt64(1)));
        _seen = version;
        return revoked;
    }
}
