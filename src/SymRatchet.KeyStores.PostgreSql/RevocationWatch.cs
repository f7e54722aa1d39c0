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
    RevocationPositions<RevocationPosition> positions
)
{
    private const int PageSize = 1000;

    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Tells of revocations until its token ends it, or a look fails.</summary>
    internal async IAsyncEnumerable<ClientId> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RevocationPosition[] told = positions.Start();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim announced = new(0);
        Task listening = ListenAsync(announced, ending.Token);
        try
        {
            while (true)
            {
                List<Revocation> page = await LookAsync(told, cancellationToken).ConfigureAwait(false);
                foreach (Revocation revocation in page)
                {
                    yield return revocation.Id;
                    told = [revocation.Position];
                }

                if (page.Count < PageSize)
                    await announced.WaitAsync(options.WatchInterval, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            positions.End(told);
            await ending.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    private ValueTask<List<Revocation>> LookAsync(RevocationPosition[] told, CancellationToken cancellationToken)
    {
        TimeSpan limit = options.Timeout < LookLimit ? options.Timeout : LookLimit;
        long[] numbers = [.. told.Select(position => position.Number)];
        Guid[] tags = [.. told.Select(position => position.Tag)];
        return StoreSession.RunReservedAsync(
            source,
            limit,
            session =>
                session.ReadAsync(
                    sql.RevokedAfter,
                    row => new Revocation(
                        new RevocationPosition(
                            row.GetInt64(StoreStatements.RevokedAfterColumn.Number),
                            row.GetGuid(StoreStatements.RevokedAfterColumn.Tag)
                        ),
                        new ClientId(row.GetFieldValue<byte[]>(StoreStatements.RevokedAfterColumn.Id))
                    ),
                    numbers,
                    tags,
                    PageSize
                ),
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
                    .RunReservedAsync(
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

    private readonly record struct Revocation(RevocationPosition Position, ClientId Id);
}
