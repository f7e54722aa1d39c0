using System.Runtime.CompilerServices;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Polls for revocations, at an interval and at once when one is announced. The polls do not depend on the listener,
/// nor on the connection of the poll before.
/// </summary>
internal sealed class RevocationWatch(
    NpgsqlDataSource source,
    StoreStatements sql,
    PostgreSqlKeyStoreOptions options,
    RevocationPositions<RevocationPosition> positions
)
{
    private const int PageSize = 1000;

    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Reports revocations until its token is cancelled, or a poll fails.</summary>
    internal async IAsyncEnumerable<ClientId> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RevocationPosition[] reported = positions.Start();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim announced = new(0);
        Task listening = ListenAsync(announced, ending.Token);
        try
        {
            while (true)
            {
                List<Revocation> page = await PollAsync(reported, cancellationToken).ConfigureAwait(false);
                foreach (Revocation revocation in page)
                {
                    yield return revocation.Id;
                    reported = [revocation.Position];
                }

                if (page.Count < PageSize)
                    await announced.WaitAsync(options.WatchInterval, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            positions.End(reported);
            await ending.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    private ValueTask<List<Revocation>> PollAsync(RevocationPosition[] reported, CancellationToken cancellationToken)
    {
        TimeSpan timeout = options.Timeout < PollTimeout ? options.Timeout : PollTimeout;
        long[] numbers = [.. reported.Select(position => position.Number)];
        Guid[] tags = [.. reported.Select(position => position.Tag)];
        return StoreSession.RunReservedAsync(
            source,
            timeout,
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
            TimeSpan silence = options.WatchInterval + PollTimeout;
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
                // The polls go on without it, and they fail if the database is unreachable.
                await Task.Delay(RetryDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private readonly record struct Revocation(RevocationPosition Position, ClientId Id);
}
