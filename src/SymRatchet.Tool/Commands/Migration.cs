using System.Collections.Concurrent;
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

    /// <summary>With so many failures it is not single clients that are odd.</summary>
    private const int MaxFailures = 1_000;

    internal static Command Create(ToolConsole console)
    {
        StoreArguments from = new();
        StoreArguments to = new("--to-");
        Command command = new(
            "migrate",
            """
            Copies every client that is not revoked to another store, which 'store init' made, at the epoch at which
            it is. Stop the servers of the old store first (a file that a program has open is refused), and destroy it
            afterwards: two stores that both serve a client are clones. Interrupted, it is run again: what was copied
            is left as it is, and what was revoked since is revoked in the new store too. A client that cannot be
            copied is named, and the others are copied. Until all are, 'store check' of the new store says so.

            Examples:
              symratchet store init --postgres "Host=db;Username=symratchet"
              symratchet store migrate --store server.keys --to-postgres "Host=db;Username=symratchet"
            """
        );
        from.AddTo(command);
        to.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                from.CheckCanBeCopied(parsed, to);
                await using OpenedStore source = await from.OpenAsync(parsed, cancellationToken);
                await using OpenedStore target = await to.OpenAsync(parsed, cancellationToken);
                if (await source.IsSameDatabaseAsync(target, cancellationToken))
                    throw new ToolException(
                        $"both are {source.Name} of one database, one and the same store; nothing was changed"
                    );
                if (source.Database is not null || !OperatingSystem.IsLinux())
                    console.Remark(
                        $"warning: whether servers still use {source.Name} cannot be seen from here; all must be "
                            + "stopped"
                    );
                UnfinishedMark unfinished = target.Unfinished ?? throw StoreArguments.HoldsOneClient(target.Name);
                await unfinished.SetAsync(cancellationToken);
                ConcurrentQueue<string> failures = [];
                try
                {
                    await CopyAsync(source, target, unfinished, console, failures, cancellationToken);
                }
                finally
                {
                    foreach (string failure in failures)
                        console.Fail(failure);
                }

                return failures.IsEmpty ? ExitCode.Success : ExitCode.Failure;
            }
        );
        return command;
    }

    // What goes wrong with one client is kept in the failures, and stops no other.
    private static async Task CopyAsync(
        OpenedStore source,
        OpenedStore target,
        UnfinishedMark unfinished,
        ToolConsole console,
        ConcurrentQueue<string> failures,
        CancellationToken cancellationToken
    )
    {
        int copied = await ForEachClientAsync(
            source,
            console,
            "copied",
            failures,
            async (key, cancellation) =>
            {
                try
                {
                    await KeyCopy.BringAsync(key, target, cancellation);
                }
                catch (InvalidOperationException) // what is revoked cannot be added
                {
                    if (await target.Directory.DescribeAsync(key.Id, cancellation) is not { Revoked: not null } revoked)
                        throw;
                    throw new ToolException(
                        $"{revoked.Id} is revoked in {target.Name}; revoke it in {source.Name} too, and run the "
                            + "command again"
                    );
                }
            },
            cancellationToken
        );
        await RevokeAsync(source, target, console, failures, cancellationToken);
        if (!failures.IsEmpty)
            return;

        int same = 0;
        int found = await ForEachClientAsync(
            source,
            console,
            "compared",
            failures,
            async (key, cancellation) =>
            {
                if (await KeyCopy.IsThereAsync(key, target, cancellation))
                    Interlocked.Increment(ref same);
            },
            cancellationToken
        );
        if (!failures.IsEmpty)
            return;
        if (same != found || copied != found)
            throw new ToolException(
                $"{same} of {found} clients are the same in both stores: {source.Name} was changed meanwhile. Stop "
                    + "its servers, and begin again with a new store"
            );
        await unfinished.ClearAsync(cancellationToken);
        console.Remark(
            $"copied {copied} clients from {source.Name} to {target.Name}; destroy {source.Name} once the new one "
                + "serves"
        );
    }

    // An earlier run may have copied what was revoked since. It must not live on in the new store.
    private static Task RevokeAsync(
        OpenedStore source,
        OpenedStore target,
        ToolConsole console,
        ConcurrentQueue<string> failures,
        CancellationToken cancellationToken
    ) =>
        ForEachAsync(
            target,
            failures,
            async (record, cancellation) =>
            {
                if (record.Revoked is not null)
                    return;
                KeyRecord known =
                    await source.Directory.DescribeAsync(record.Id, cancellation)
                    ?? throw new ToolException(
                        $"{record.Id} is in {target.Name} only; revoke it there, or begin again with a new store"
                    );
                if (known.Revoked is not null && await target.Directory.RevokeAsync(record.Id, cancellation))
                    console.Remark($"revoked {record.Id} in {target.Name}, as in {source.Name}");
            },
            cancellationToken
        );

    private static async Task<int> ForEachClientAsync(
        OpenedStore source,
        ToolConsole console,
        string done,
        ConcurrentQueue<string> failures,
        Func<StoredKey, CancellationToken, Task> work,
        CancellationToken cancellationToken
    )
    {
        int count = 0;
        await ForEachAsync(
            source,
            failures,
            async (record, cancellation) =>
            {
                using StoredKey? key = await source.Directory.FindAsync(record.Id, cancellation);
                if (key is null)
                    return; // revoked
                await work(key, cancellation);
                int now = Interlocked.Increment(ref count);
                if (now % ProgressEvery == 0)
                    console.Remark(string.Create(CultureInfo.InvariantCulture, $"{done} {now} clients"));
            },
            cancellationToken
        );
        return count;
    }

    private static Task ForEachAsync(
        OpenedStore store,
        ConcurrentQueue<string> failures,
        Func<KeyRecord, CancellationToken, Task> work,
        CancellationToken cancellationToken
    ) =>
        Parallel.ForEachAsync(
            store.Directory.ListAllAsync(cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (record, cancellation) =>
            {
                try
                {
                    await work(record, cancellation);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    failures.Enqueue(e is ToolException ? e.Message : $"{record.Id}: {e.Message}");
                    if (failures.Count >= MaxFailures)
                        throw new ToolException($"{MaxFailures} clients failed, and the copying stopped there");
                }
            }
        );
}
