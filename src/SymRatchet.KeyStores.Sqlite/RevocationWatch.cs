using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Looks for ids that were revoked, by whichever process, as often as the file has changed. While the file cannot be read it goes on trying,
/// and what was revoked meanwhile is found by the next look, however long that took.
/// </summary>
internal sealed class RevocationWatch(Func<SqliteConnection> open, SqliteKeyStoreOptions options) : IDisposable
{
    private readonly RevocationWindow _window = new(options.TimeProvider.GetUtcNow());
    private SqliteConnection? _connection;
    private object? _seen;

    internal async IAsyncEnumerable<ReadOnlyMemory<byte>> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(options.WatchInterval, options.TimeProvider);
        do
        {
            foreach (byte[] id in Look())
                yield return id;
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    public void Dispose() => _connection?.Dispose();

    private List<byte[]> Look()
    {
        try
        {
            _connection ??= open();
            object version = _connection.Number("PRAGMA data_version");
            if (version.Equals(_seen))
                return [];
            List<byte[]> ids = Untold(_connection);
            _seen = version;
            return ids;
        }
        catch (SqliteException)
        {
            _connection?.Dispose();
            _connection = null;
            _seen = null;
            return [];
        }
    }

    private List<byte[]> Untold(SqliteConnection connection)
    {
        List<byte[]> ids = [];
        long now = options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        using SqliteCommand revoked = connection.Prepare("SELECT id, revoked FROM keys WHERE revoked >= $since ORDER BY revoked", "$since");
        using (SqliteDataReader row = revoked.With(_window.Since).ExecuteReader())
        {
            while (row.Read())
            {
                byte[] id = row.GetFieldValue<byte[]>(0);
                if (_window.IsNew(id, row.GetInt64(1)))
                    ids.Add(id);
            }
        }

        _window.LookedAt(now);
        return ids;
    }
}
