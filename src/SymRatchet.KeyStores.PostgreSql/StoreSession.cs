using System.Security.Cryptography;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>One call's use of a pooled connection: statements that are prepared once for each connection, and a bound on the time.</summary>
internal sealed class StoreSession(NpgsqlConnection connection, CancellationToken cancellationToken)
{
    /// <summary>Runs a call within its time, and says in plain words what went wrong.</summary>
    internal static async ValueTask<T> RunAsync<T>(
        NpgsqlDataSource source, TimeSpan timeout, Func<StoreSession, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            NpgsqlConnection connection = await source.OpenConnectionAsync(limit.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                return await call(new StoreSession(connection, limit.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KeyStoreException($"The key database did not answer within {timeout.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new KeyStoreException($"The key database failed: {e.Message}", e);
        }
        catch (CryptographicException e)
        {
            throw new KeyStoreException($"A key of the key database cannot be unwrapped: {e.Message}", e);
        }
    }

    /// <summary>Runs the statements of <paramref name="work"/> as one transaction, which what it throws undoes.</summary>
    internal async ValueTask<T> InTransactionAsync<T>(Func<ValueTask<T>> work)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            T result = await work().ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return result;
        }
    }

    internal async ValueTask<int> ExecuteAsync(string sql, params object?[] values)
    {
        using NpgsqlCommand command = await PrepareAsync(sql, values).ConfigureAwait(false);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs several statements that are used once, without parameters.</summary>
    internal async ValueTask<bool> ExecuteScriptAsync(string sql)
    {
        using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    internal async ValueTask<string?> TextAsync(string sql)
    {
        using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
    }

    internal async ValueTask<long> NumberAsync(string sql)
    {
        using NpgsqlCommand command = await PrepareAsync(sql).ConfigureAwait(false);
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Reads all rows, which are few.</summary>
    internal async ValueTask<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        using NpgsqlCommand command = await PrepareAsync(sql, values).ConfigureAwait(false);
        NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<T> rows = [];
        await using (row.ConfigureAwait(false))
        {
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                rows.Add(read(row));
        }

        return rows;
    }

    // A statement that this connection has prepared before, in this call or another, is not prepared again.
    private async ValueTask<NpgsqlCommand> PrepareAsync(string sql, params object?[] values)
    {
        NpgsqlCommand command = new(sql, connection);
        foreach (object? value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value } : new NpgsqlParameter { Value = value });
        await command.PrepareAsync(cancellationToken).ConfigureAwait(false);
        return command;
    }
}
