using System.Runtime.CompilerServices;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Looks for revocations every now and then, and at once when one is announced. The looks do not depend on the
/// listener, nor on the connection of the look before.
/// </summary>
internal sealed class RevocationWatch(
    NpgsqlDataSource source,
    StoreStatements sql,
    PostgreSqlKeyStoreOptions options,
    RevocationPositions positions
)
{
    private const int PageSize = 1000;
    private const int Number = 0;
    private const int Id = 1;

    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Tells of revocations until its token ends it, or a look fails.</summary>
    internal async IAsyncEnumerable<ReadOnlyMemory<byte>> RunAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        long position = positions.Start();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim announced = new(0);
        Task listening = ListenAsync(announced, ending.Token);
        try
        {
            while (true)
            {
                (position, List<Revocation> page) = await LookAsync(position, cancellationToken).ConfigureAwait(false);
                foreach (Revocation revocation in page)
                {
                    yield return revocation.Id;
                    position = revocation.Number;
                }

                if (page.Count < PageSize)
                    await announced.WaitAsync(options.WatchInterval, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            positions.End(position);
            await ending.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    private ValueTask<(long From, List<Revocation> Page)> LookAsync(long position, CancellationToken cancellationToken)
    {
        TimeSpan limit = options.Timeout < LookLimit ? options.Timeout : LookLimit;
        return StoreSession.RunAsync(
            source,
            limit,
            async session =>
            {
                // A count that went back is that of a database restored from a backup: what it counts again was not
                // told.
                long from = await session.NumberAsync(sql.Revocations).ConfigureAwait(false) < position ? 0 : position;
                return (
                    from,
                    await session
                        .ReadAsync(
                            sql.RevokedAfter,
                            row => new Revocation(row.GetInt64(Number), row.GetFieldValue<byte[]>(Id)),
                            from,
                            PageSize
                        )
                        .ConfigureAwait(false)
                );
            },
            cancellationToken
        );
    }

    /// <summary>
    /// Releases <paramref name="announced"/> for each announcement. A listener that is silent for too long is replaced
    /// by another.
    /// </summary>
    private async Task ListenAsync(SemaphoreSlim announced, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            TimeSpan silence = options.WatchInterval + LookLimit;
            silent.CancelAfter(silence);
            try
            {
                await StoreSession
                    .RunAsync(
                        source,
                        Timeout.InfiniteTimeSpan,
                        session =>
                            session.ListenAsync(
                                sql.Listen,
                                options.WatchInterval,
                                isNews =>
                                {
                                    silent.CancelAfter(silence);
                                    if (isNews && announced.CurrentCount == 0)
                                        announced.Release();
                                }
                            ),
                        silent.Token
                    )
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is KeyStoreException or OperationCanceledException)
            {
                // The looks go on without it, and they tell if the database is away.
                await Task.Delay(RetryDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private readonly record struct Revocation(long Number, byte[] Id);
}
