using System.Data.Common;

namespace SymRatchet.KeyStores;

/// <summary>
/// Which keys a row holds. Keys are wrapped while no transaction is open; the result is written only if the row has not
/// changed meanwhile.
/// </summary>
/// <param name="Serial">The serial of the key.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Next">The serial of the key that follows; null for none.</param>
/// <param name="HasKeys">False for a revoked identity.</param>
internal readonly record struct KeyState(long Serial, long Epoch, long? Next, bool HasKeys)
{
    /// <summary>The columns that <see cref="Read"/> expects, numbered by the constants below.</summary>
    internal const string Columns = "serial, epoch, next_serial, epoch_key IS NOT NULL";

    private const int SerialColumn = 0;
    private const int EpochColumn = 1;
    private const int NextSerialColumn = 2;
    private const int HasKeysColumn = 3;

    /// <summary>How often a change is retried whose row has changed meanwhile.</summary>
    internal const int MaxAttempts = 10;

    internal static KeyState Read(DbDataReader row) =>
        new(
            row.GetInt64(SerialColumn),
            row.GetInt64(EpochColumn),
            row.IsDBNull(NextSerialColumn) ? null : row.GetInt64(NextSerialColumn),
            row.GetBoolean(HasKeysColumn)
        );

    /// <summary>Returns whether both rows hold the same keys, at whatever epoch.</summary>
    internal bool HasSameKeys(KeyState other) => this with { Epoch = 0 } == other with { Epoch = 0 };

    /// <summary>Returns the exception for a change that is given up.</summary>
    internal static KeyStoreException MovedOn(ClientId id) =>
        new($"The key of {id} moved on faster than it could be wrapped. Nothing was changed: do it again.");
}
