using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Looks for ids that were revoked, by whichever process, as often as the file has changed.</summary>
internal sealed class RevocationWatch(Func<SqliteConnection> open, SqliteKeyStoreOptions options)
{
    // Two writers' clocks may differ, and what was revoked while a watch began must not be lost.
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);
    private long _since = (options.TimeProvider.GetUtcNow() - Overlap).ToUnixTimeMilliseconds();

    internal async IAsyncEnumerable<ReadOnlyMemory<byte>> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using SqliteConnection connection = open();
        using SqliteCommand version = connection.Prepare("PRAGMA data_version");
        using SqliteCommand revoked = connection.Prepare("SELECT id, revoked FROM keys WHERE revoked >= $since ORDER BY revoked", "$since");
        using PeriodicTimer timer = new(options.WatchInterval, options.TimeProvider);
        object? seen = null;
        do
        {
            object now = version.ExecuteScalar()!;
            if (now.Equals(seen))
                continue;
            seen = now;
            foreach (byte[] id in Untold(revoked))
                yield return id;
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private List<byte[]> Untold(SqliteCommand revoked)
    {
        List<byte[]> ids = [];
        long latest = _since;
        using (SqliteDataReader row = revoked.With(_since).ExecuteReader())
        {
            while (row.Read())
            {
                byte[] id = row.GetFieldValue<byte[]>(0);
                string name = Convert.ToHexString(id);
                latest = Math.Max(latest, row.GetInt64(1));
                if (_told.GetValueOrDefault(name) == row.GetInt64(1))
                    continue;
                _told[name] = row.GetInt64(1);
                ids.Add(id);
            }
        }

        _since = Math.Max(_since, latest - (long)Overlap.TotalMilliseconds);
        foreach (string old in _told.Where(told => told.Value < _since).Select(told => told.Key).ToArray())
            _told.Remove(old);
        return ids;
    }
}
