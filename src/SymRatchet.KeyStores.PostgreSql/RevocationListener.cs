using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Looks for revocations whenever one is announced, and every now and then by itself. What was announced while the connection was lost
/// is found by the next look, however long the database was away.
/// </summary>
internal sealed class RevocationListener(NpgsqlDataSource source, StoreStatements statements, PostgreSqlKeyStoreOptions options, ChannelWriter<ReadOnlyMemory<byte>> told)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private RevocationWindow? _window;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or KeyStoreException)
            {
                // The database is away; live channels stand meanwhile, and no handshake succeeds without it.
                await Task.Delay(RetryDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = connection.ConfigureAwait(false);
        StoreSession session = new(connection, cancellationToken);
        await session.ExecuteAsync($"LISTEN {statements.RevocationsChannel}").ConfigureAwait(false);
        while (true)
        {
            await LookAsync(session).ConfigureAwait(false);
            await connection.WaitAsync(options.WatchInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task LookAsync(StoreSession session)
    {
        long now = await session.NumberAsync(statements.Clock).ConfigureAwait(false);
        _window ??= new RevocationWindow(DateTimeOffset.FromUnixTimeMilliseconds(now));
        List<(byte[] Id, long Revoked)> revoked = await session.ReadAsync(
            statements.RevokedSince, row => (row.GetFieldValue<byte[]>(0), row.GetInt64(1)), _window.Since).ConfigureAwait(false);
        foreach ((byte[] id, long time) in revoked)
        {
            if (_window.IsNew(id, time))
                told.TryWrite(id);
        }

        _window.LookedAt(now);
    }
}
