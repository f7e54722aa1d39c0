using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Looks for ids that were revoked, by whichever process, as often as the file has changed.</summary>
internal sealed class RevocationWatch(Func<SqliteConnection> open, SqliteKeyStoreOptions options)
{
    private readonly RevocationWindow _window = new(options.TimeProvider.GetUtcNow());

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
        long now = options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
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
