using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.Keys;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Doctor;

/// <summary>Whether a client's key and a store can be used, and by nobody else. Nothing of them is changed.</summary>
internal static class KeyChecks
{
    private static readonly TimeSpan SlowDisk = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks at a client's credential or key file, or at its key in a SQLite store.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">Whose key it must have; null if that was not said.</param>
    /// <param name="cancellationToken">Cancels the look.</param>
    internal static async Task<Check> OfKeyAsync(string path, ClientId? id, CancellationToken cancellationToken)
    {
        string name = $"key {path}";
        byte[] head = new byte[KeyFileHead.FirstLine.Length];
        try
        {
            _ = OwnerOnlyFile.Read(path, head);
            if (KeyFileHead.IsCredential(head))
                return OfCredential(name, path, id);
            if (KeyFileHead.IsKeyFile(head))
                return await OfKeyFileAsync(name, path, id, cancellationToken);
            if (!head.AsSpan().StartsWith("SQLite"u8))
                return Check.Fail(
                    name,
                    "it is neither a credential nor a key file",
                    "name the file that 'symratchet key add' wrote for this client"
                );
            return id is { } client
                ? await OfSqliteAsync(name, path, client, cancellationToken)
                : Check.Fail(
                    name,
                    "it is a SQLite store",
                    $"say which client with --id ID, or look at it with --store {path} --role Client"
                );
        }
        catch (FileNotFoundException)
        {
            return Check.Fail(name, "there is no such file", "copy the client's credential there, or name its file");
        }
        catch (KeyStoreException e) when (e.IsWrongRole)
        {
            return Check.Fail(name, e.Message, "give the client a credential of its own: 'symratchet key rotate'");
        }
        catch (KeyStoreException e)
            when (e.InnerException?.Message.Contains(OwnerOnlyFile.InUse, StringComparison.Ordinal) == true)
        {
            return Check.Warn(
                name,
                "a program has it open",
                "nothing, if that is the client itself; to look into it, stop that program"
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return Check.Fail(name, e.Message, AdviceFor(e.Message));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(head);
        }
    }

    /// <summary>Looks into a store that is open, and writes to its disk.</summary>
    internal static async Task<IReadOnlyList<Check>> OfStoreAsync(
        OpenedStore store,
        CancellationToken cancellationToken
    )
    {
        string name = $"store {store.Name}";
        List<Check> checks = [];
        int clients = 0;
        int revoked = 0;
        await foreach (KeyRecord record in store.Directory.ListAllAsync(cancellationToken))
        {
            clients++;
            revoked += record.Revoked is null ? 0 : 1;
        }

        string finding = $"a store of the {store.Directory.Role}; clients: {clients}, revoked: {revoked}";
        checks.Add(
            clients > revoked
                ? Check.Ok(name, finding)
                : Check.Warn(name, finding, "it has no client that can connect: 'symratchet key add'")
        );
        if (store.Directory is IKeyStoreMaintenance kept)
            checks.AddRange(
                (await kept.CheckAsync(cancellationToken)).Select(problem =>
                    Check.Fail(name, problem, "see 'Exceptions of a key store' in docs/troubleshooting.md")
                )
            );
        if (store.Unfinished is { } unfinished && await unfinished.IsSetAsync(cancellationToken))
            checks.Add(
                Check.Fail(
                    name,
                    "a copy of another store into this one is not finished",
                    "run 'symratchet store migrate' again"
                )
            );
        checks.Add(await ProbeAsync(name, (IKeyStoreProbe)store.Directory, cancellationToken));
        return checks;
    }

    internal static string AdviceFor(string message) =>
        message.Contains("chmod", StringComparison.Ordinal) ? "do that; if others may have read it, rotate the key"
        : message.Contains("chown", StringComparison.Ordinal) ? "do that, or run the program as that user"
        : "see docs/troubleshooting.md, where every message has a row";

    private static Check OfCredential(string name, string path, ClientId? id)
    {
        using var key = PreSharedKey.FromCredentialFile(path);
        return id is { } client && client != key.Id
            ? OfAnother(name, key.Id, client)
            : Check.Ok(
                name,
                $"a credential of {key.Id}, which no program has opened yet; the client's first start makes it a key "
                    + "file"
            );
    }

    private static Check OfAnother(string name, ClientId found, ClientId wanted) =>
        Check.Fail(name, $"it is the key of {found}, not of {wanted}", $"leave out --id, or name the file of {wanted}");

    private static async Task<Check> OfSqliteAsync(
        string name,
        string path,
        ClientId id,
        CancellationToken cancellationToken
    )
    {
        await using var store = SqliteKeyStore.Open(path, ChannelRole.Client);
        return await store.DescribeAsync(id, cancellationToken) switch
        {
            null => Check.Fail(name, $"{id} is not in it", $"'symratchet key list --store {path} --role Client'"),
            { Revoked: not null } => Check.Fail(name, $"the key of {id} is revoked", "give the client a new one"),
            var record => Check.Ok(name, $"a store of clients with {id}, epoch {record.Epoch}"),
        };
    }

    private static async Task<Check> OfKeyFileAsync(
        string name,
        string path,
        ClientId? id,
        CancellationToken cancellationToken
    )
    {
        await using KeyFile file = await KeyFile.OpenAsync(path, cancellationToken: cancellationToken);
        await file.ProbeAsync(cancellationToken);
        return (await file.ListAsync(null, 1, cancellationToken)) switch
        {
            [var record] when id is { } client && client != record.Id => OfAnother(name, record.Id, client),
            [{ Revoked: null } record] => Check.Ok(name, $"the key file of {record.Id}, epoch {record.Epoch}"),
            [var record] => Check.Fail(name, $"the key of {record.Id} is revoked", "give the client a new credential"),
            _ => Check.Fail(name, "a key file without a key", "'symratchet key add' with this file as --store"),
        };
    }

    private static async Task<Check> ProbeAsync(string name, IKeyStoreProbe store, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        try
        {
            await store.ProbeAsync(cancellationToken);
        }
        catch (KeyStoreException e)
        {
            return Check.Fail(name, e.Message, AdviceFor(e.Message));
        }

        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);
        string finding = string.Create(
            CultureInfo.InvariantCulture,
            $"a change is on the disk after {elapsed.TotalMilliseconds:0.0} ms"
        );
        return elapsed < SlowDisk
            ? Check.Ok(name, finding)
            : Check.Warn(name, finding, "every handshake waits for it: use a faster disk, or one with less to do");
    }
}
