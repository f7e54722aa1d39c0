using System.Data.Common;

namespace SymRatchet.Tool.Keys;

/// <summary>
/// A mark in a store's own database that something was begun and is not finished: a copy of another store.
/// </summary>
/// <param name="connect">Opens a connection of its own.</param>
/// <param name="set">The statement that sets the mark.</param>
/// <param name="clear">The statement that takes it away.</param>
/// <param name="look">The statement that counts it.</param>
internal sealed class UnfinishedMark(
    Func<CancellationToken, ValueTask<DbConnection>> connect,
    string set,
    string clear,
    string look
)
{
    internal Task SetAsync(CancellationToken cancellationToken) => RunAsync(set, cancellationToken);

    internal Task ClearAsync(CancellationToken cancellationToken) => RunAsync(clear, cancellationToken);

    internal async Task<bool> IsSetAsync(CancellationToken cancellationToken) =>
        await RunAsync(look, cancellationToken) is > 0L;

    private async Task<object?> RunAsync(string statement, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await connect(cancellationToken);
        await using DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the statements are this program's own
        command.CommandText = statement;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
