using System.CommandLine;
using System.Globalization;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>
/// <c>symratchet store migrate</c>: a store's clients in another store. It can be killed at any moment and run
/// again.
/// </summary>
internal static class Migration
{
    /// <summary>So many at once share a wait for the disk, and leave connections of a database for others.</summary>
    private const int AtOnce = 32;

    private const int ProgressEvery = 5_000;

    internal static Command Create(ToolConsole console)
    {
        StoreArguments from = new();
        StoreArguments to = new("--to-");
        Command command = new(
            "migrate",
            """
            Copies every client that is not revoked to another store, at the epoch at which it is. Stop the servers of the old store first, and
            destroy it afterwards: two stores that both serve a client are clones. Interrupted, it is run again: what was copied is left as it
            is. Until it is complete, 'store check' of the new store says so.

            Example:
              symratchet store migrate --store server.keys --to-postgres "Host=db;Username=symratchet"
            """
        );
        from.AddTo(command);
        to.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore source = await from.OpenAsync(parsed, cancellationToken: cancellationToken);
                await using OpenedStore target = await to.OpenAsync(parsed, create: true, cancellationToken);
                await target.Unfinished.SetAsync(cancellationToken);
                int copied = await ForEachClientAsync(
                    source,
                    console,
                    "copied",
                    async (key, cancellation) =>
                    {
                        if (await target.Directory.DescribeAsync(key.Id, cancellation) is { Revoked: not null } revoked)
                            throw new ToolException(
                                $"{revoked.Name} is revoked in {target.Name}; revoke it in {source.Name} too, and run the command again"
                            );
                        await KeyCopy.BringAsync(key, target, cancellation);
                    },
                    cancellationToken
                );

                int same = 0;
                int found = await ForEachClientAsync(
                    source,
                    console,
                    "compared",
                    async (key, cancellation) =>
                    {
                        if (await KeyCopy.IsThereAsync(key, target, cancellation))
                            Interlocked.Increment(ref same);
                    },
                    cancellationToken
                );
                if (same != found || copied != found)
                    throw new ToolException(
                        $"{same} of {found} clients are the same in both stores: {source.Name} was changed meanwhile. Stop its servers, and begin again with a new store"
                    );
                await target.Unfinished.ClearAsync(cancellationToken);
                console.Remark(
                    $"copied {copied} clients from {source.Name} to {target.Name}; destroy {source.Name} once the new one serves"
                );
            }
        );
        return command;
    }

    private static async Task<int> ForEachClientAsync(
        OpenedStore source,
        ToolConsole console,
        string done,
        Func<StoredKey, CancellationToken, Task> work,
        CancellationToken cancellationToken
    )
    {
        int count = 0;
        ParallelOptions options = new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            source.Directory.ListAllAsync(cancellationToken),
            options,
            async (record, cancellation) =>
            {
                using StoredKey? key = await source.Directory.FindAsync(record.Id, cancellation);
                if (key is null)
                    return; // revoked
                await work(key, cancellation);
                int now = Interlocked.Increment(ref count);
                if (now % ProgressEvery == 0)
                    console.Remark(string.Create(CultureInfo.InvariantCulture, $"{done} {now} clients"));
            }
        );
        return count;
    }
}
