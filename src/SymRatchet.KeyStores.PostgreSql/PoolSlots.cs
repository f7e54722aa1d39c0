using System.Runtime.CompilerServices;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Limits how many calls use a pool of connections at once, with a reserve, so that many calls never delay the polls
/// for revocations and their listener, which take no slot.
/// </summary>
internal static class PoolSlots
{
    /// <summary>A watch's poll and its listener.</summary>
    private const int MinReserve = 2;

    private static readonly ConditionalWeakTable<NpgsqlDataSource, Slots> OfPools = [];

    /// <summary>Returns the slots of a pool, which all stores on it share.</summary>
    internal static Slots Of(NpgsqlDataSource source) => OfPools.GetValue(source, Create);

    private static Slots Create(NpgsqlDataSource source)
    {
        NpgsqlConnectionStringBuilder settings = new(source.ConnectionString);

        // Without a pool there is no queue in which a poll could wait.
        if (!settings.Pooling)
            return new Slots(int.MaxValue);

        // A quarter leaves room for several watches: a process may have stores in more than one schema.
        int reserve = Math.Max(MinReserve, settings.MaxPoolSize / 4);
        return new Slots(Math.Max(1, settings.MaxPoolSize - reserve));
    }
}
