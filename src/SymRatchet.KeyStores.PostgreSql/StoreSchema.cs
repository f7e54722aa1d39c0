namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>The tables of a store, their version, and the one role that they serve.</summary>
internal static class StoreSchema
{
    private const long Version = 1;

    /// <summary>Taken while tables are made, so that two processes that start at once do not make them twice: "SymR".</summary>
    private const long MakingLock = 0x53796D52;

    /// <summary>Makes the tables where there are none.</summary>
    internal static async Task CreateAsync(StoreSession session, string schema, ChannelRole role)
    {
        // An identity without an epoch key is revoked. The time of its last revocation stays when a new key follows, so that a watch which
        // looks only then still ends what the old key had opened.
        // Half of each page stays free, so that a moved key stays on its page and the old row can be pruned there without a vacuum; and
        // the table is vacuumed as soon as a few rows have died.
        string tables = $"""
            SELECT pg_advisory_xact_lock({MakingLock});
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE IF NOT EXISTS {schema}.store (version bigint NOT NULL, role bigint NOT NULL);
            CREATE SEQUENCE IF NOT EXISTS {schema}.serials;
            CREATE TABLE IF NOT EXISTS {schema}.keys (
                id bytea PRIMARY KEY,
                protocol integer NOT NULL,
                evolution integer NOT NULL,
                suites bigint NOT NULL,
                serial bigint NOT NULL,
                identity_key bytea,
                epoch bigint NOT NULL,
                epoch_key bytea,
                next_serial bigint,
                next_identity_key bytea,
                next_epoch_key bytea,
                added bigint NOT NULL,
                last_seen bigint,
                revoked bigint
            ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0, toast.autovacuum_enabled = true);
            CREATE INDEX IF NOT EXISTS keys_revoked ON {schema}.keys (revoked) WHERE revoked IS NOT NULL;
            INSERT INTO {schema}.store SELECT {Version}, {(int)role} WHERE NOT EXISTS (SELECT FROM {schema}.store);
            """;
        await session.InTransactionAsync(() => session.ExecuteScriptAsync(tables)).ConfigureAwait(false);
    }

    /// <summary>Refuses tables of another version or role, and a server that reports commits before they are durable.</summary>
    internal static async Task CheckAsync(StoreSession session, string schema, ChannelRole role)
    {
        if (await session.TextAsync($"SELECT to_regclass('{schema}.store')::text").ConfigureAwait(false) is null)
            throw new KeyStoreException($"The database has no key store in its schema {schema}. Make one with {nameof(PostgreSqlKeyStore)}.{nameof(PostgreSqlKeyStore.CreateAsync)}.");
        string? found = await session.TextAsync($"SELECT version || ' ' || role FROM {schema}.store").ConfigureAwait(false);
        if (found is null || !found.StartsWith($"{Version} ", StringComparison.Ordinal))
            throw new KeyStoreException($"The key store in the schema {schema} is of version {found?.Split(' ')[0] ?? "unknown"}; this library knows version {Version}.");
        if (found != $"{Version} {(int)role}")
            throw new KeyStoreException($"The key store in the schema {schema} does not serve the {role}. A key serves one role only.");
        foreach (string setting in (string[])["fsync", "synchronous_commit"])
        {
            if (await session.TextAsync($"SELECT current_setting('{setting}')").ConfigureAwait(false) == "off")
                throw new KeyStoreException($"PostgreSQL's setting {setting} is off. An advance must be on the disk before it is reported.");
        }
    }
}
