namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>The tables of a store, their version, and the one role that they serve.</summary>
/// <remarks>
/// Never edit a released version; add a migration. A new column is also in KeyRow (its lists of columns, their ordinals
/// and the row of decoys) and in the statements of StoreStatements.
/// </remarks>
internal static class StoreSchema
{
    private const long Version = 2;

    /// <summary>
    /// Taken while tables are created, so that two processes that start at once do not create them twice: "SymR".
    /// </summary>
    private const long MakingLock = 0x53796D52;

    /// <summary>Creates the tables where there are none, and upgrades those of an earlier version.</summary>
    internal static async Task CreateAsync(StoreSession session, string name, ChannelRole role)
    {
        // An identity without an epoch key is revoked. The number of its last revocation stays when a new key follows,
        // so that a watch which looks only then still ends what the old key had opened. Half of each page stays free,
        // so that a moved key stays on its page and the old row can be pruned there without a vacuum; and the table is
        // vacuumed as soon as a few rows have died.
        string schema = StoreStatements.Quote(name);
        string tables = $"""
            SELECT pg_advisory_xact_lock({MakingLock});
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE IF NOT EXISTS {schema}.store (
                version bigint NOT NULL,
                role bigint NOT NULL,
                revocations bigint NOT NULL DEFAULT 0
            );
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
                revoked bigint,
                revocation bigint,
                revocation_tag uuid
            ) WITH (
                fillfactor = 50,
                autovacuum_vacuum_threshold = 50,
                autovacuum_vacuum_scale_factor = 0,
                autovacuum_vacuum_cost_delay = 0,
                toast.autovacuum_enabled = true
            );
            INSERT INTO {schema}.store (version, role)
            SELECT {Version}, {(int)role}
            WHERE NOT EXISTS (SELECT FROM {schema}.store);
            """;
        await session
            .InTransactionAsync(async () =>
            {
                await session.ExecuteScriptAsync(tables).ConfigureAwait(false);
                if (await session.NumberAsync($"SELECT version FROM {schema}.store").ConfigureAwait(false) == 1)
                    await session.ExecuteScriptAsync(CountRevocations(schema)).ConfigureAwait(false);
                if (await session.NumberAsync(CountTagColumns(name)).ConfigureAwait(false) == 0)
                    await session.ExecuteScriptAsync(TagRevocations(schema)).ConfigureAwait(false);
                return await session
                    .ExecuteScriptAsync(
                        $"""
                        CREATE UNIQUE INDEX IF NOT EXISTS keys_revocation
                        ON {schema}.keys (revocation)
                        WHERE revocation IS NOT NULL
                        """
                    )
                    .ConfigureAwait(false);
            })
            .ConfigureAwait(false);
    }

    /// <summary>From version 1 to 2: revocations are counted, and no longer found by their time.</summary>
    private static string CountRevocations(string schema) =>
        $"""
            DROP INDEX IF EXISTS {schema}.keys_revoked;
            ALTER TABLE {schema}.store
                ADD COLUMN revocations bigint NOT NULL DEFAULT 0;
            ALTER TABLE {schema}.keys
                ADD COLUMN revocation bigint;
            UPDATE {schema}.keys
            SET revocation = counted.number
            FROM (
                SELECT id, row_number() OVER (ORDER BY revoked, id) AS number
                FROM {schema}.keys
                WHERE revoked IS NOT NULL
            ) AS counted
            WHERE keys.id = counted.id;
            UPDATE {schema}.store
            SET version = 2,
                revocations = (SELECT count(*) FROM {schema}.keys WHERE revocation IS NOT NULL);
            """;

    private static string CountTagColumns(string name) =>
        $"""
            SELECT count(*)
            FROM information_schema.columns
            WHERE table_schema = '{name}' AND table_name = 'keys' AND column_name = 'revocation_tag'
            """;

    /// <summary>The first stores of version 2 identified revocations by their numbers only.</summary>
    private static string TagRevocations(string schema) =>
        $"""
            ALTER TABLE {schema}.keys
                ADD COLUMN revocation_tag uuid;
            UPDATE {schema}.keys
            SET revocation_tag = gen_random_uuid()
            WHERE revocation IS NOT NULL;
            """;

    /// <summary>
    /// Refuses tables of another version or role, and a server that reports commits before they are durable.
    /// </summary>
    /// <returns>The last revocation of the store.</returns>
    internal static async Task<RevocationPosition> CheckAsync(StoreSession session, string name, ChannelRole role)
    {
        string schema = StoreStatements.Quote(name);
        if (await session.TextAsync($"SELECT to_regclass('{schema}.store')::text").ConfigureAwait(false) is null)
            throw new KeyStoreException(
                $"The database has no key store in its schema {name}."
                    + $" Make one with {nameof(PostgreSqlKeyStore)}.{nameof(PostgreSqlKeyStore.CreateAsync)}."
            );
        string? found = await session
            .TextAsync($"SELECT version || ' ' || role FROM {schema}.store")
            .ConfigureAwait(false);
        if (found is null || !found.StartsWith($"{Version} ", StringComparison.Ordinal))
            throw new KeyStoreException(
                $"The key store in the schema {name} is of version {found?.Split(' ')[0] ?? "unknown"};"
                    + $" this library knows version {Version}."
            );
        if (found != $"{Version} {(int)role}")
            throw new KeyStoreException(
                $"The key store in the schema {name} does not serve the {role}. A key serves one role only."
            )
            {
                IsWrongRole = true,
            };
        foreach (string setting in (string[])["fsync", "synchronous_commit"])
        {
            if (await session.TextAsync($"SELECT current_setting('{setting}')").ConfigureAwait(false) == "off")
                throw IsOff(setting);
        }

        return (
            await session
                .ReadAsync(
                    new StoreStatements(name).LastRevocation,
                    row => new RevocationPosition(
                        row.GetInt64(StoreStatements.LastRevocationColumn.Number),
                        row.GetGuid(StoreStatements.LastRevocationColumn.Tag)
                    )
                )
                .ConfigureAwait(false)
        ).SingleOrDefault();
    }

    /// <summary>Refuses a store in which clients, or revocations, may be missing.</summary>
    internal static async Task RefuseUnfinishedAsync(StoreSession session, string name)
    {
        string mark = $"{StoreStatements.Quote(name)}.unfinished";
        if (await session.TextAsync($"SELECT to_regclass('{mark}')::text").ConfigureAwait(false) is not null)
            throw new KeyStoreException(
                $"The key store in the schema {name} is a copy of another store that is not finished:"
                    + " run 'symratchet store migrate' again."
            );
    }

    internal static KeyStoreException IsOff(string setting) =>
        new($"PostgreSQL's setting {setting} is off. An advance must be on the disk before it is reported.");
}
