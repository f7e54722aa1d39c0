using System.Security.Cryptography;
using Npgsql;

namespace SymRatchet.Tool.Keys;

/// <summary>A store that a command uses, and what to call it.</summary>
internal sealed class OpenedStore(
    IKeyDirectory directory,
    string name,
    UnfinishedMark? unfinished,
    IAsyncDisposable resource
) : IAsyncDisposable
{
    internal IKeyDirectory Directory => directory;

    internal string Name => name;

    /// <summary>
    /// Set while another store is copied into this one; null where none can be: a key file holds one client.
    /// </summary>
    internal UnfinishedMark? Unfinished => unfinished;

    /// <summary>Null where the store is a file.</summary>
    internal NpgsqlDataSource? Database => resource as NpgsqlDataSource;

    /// <summary>
    /// Returns whether two stores are one schema of one database, by whatever address: then what one session locks, the
    /// other cannot lock. Nothing is written.
    /// </summary>
    internal async Task<bool> IsSameDatabaseAsync(OpenedStore other, CancellationToken cancellationToken)
    {
        if (Database is null || other.Database is null || name != other.Name)
            return false;
        long key = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        await using NpgsqlConnection one = await Database.OpenConnectionAsync(cancellationToken);
        await using NpgsqlConnection two = await other.Database.OpenConnectionAsync(cancellationToken);
        return await LockAsync(one, key, cancellationToken) && !await LockAsync(two, key, cancellationToken);
    }

    private static async Task<bool> LockAsync(
        NpgsqlConnection connection,
        long key,
        CancellationToken cancellationToken
    )
    {
        await using NpgsqlCommand command = new("SELECT pg_try_advisory_lock($1)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public ValueTask DisposeAsync() => resource.DisposeAsync();
}
