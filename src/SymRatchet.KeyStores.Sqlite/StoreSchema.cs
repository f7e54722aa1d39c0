using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>The tables of a store file, their version, and the one role that the file serves.</summary>
/// <remarks>
/// Never edit a released version; add a migration. A new column is also in KeyRow (its lists of columns, their ordinals
/// and the row of decoys) and in the statements of KeyWrites and KeyReader.
/// </remarks>
internal static class StoreSchema
{
    /// <summary>Marks the file as a key store, in the place that SQLite has for it: "SymR".</summary>
    private const long ApplicationId = 0x53796D52;

    private const long Version = 3;

    // An identity without an epoch key is revoked. The time of its last revocation stays when a new key follows, so
    // that a watch which looks only then still ends what the old key had opened.
    private const string TablesOfVersion1 = """
        CREATE TABLE store (
            name TEXT PRIMARY KEY NOT NULL,
            value INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE keys (
            id BLOB NOT NULL UNIQUE,
            protocol INTEGER NOT NULL,
            evolution INTEGER NOT NULL,
            suites INTEGER NOT NULL,
            serial INTEGER NOT NULL,
            identity_key BLOB,
            epoch INTEGER NOT NULL,
            epoch_key BLOB,
            next_serial INTEGER,
            next_identity_key BLOB,
            next_epoch_key BLOB,
            added INTEGER NOT NULL,
            last_seen INTEGER,
            revoked INTEGER
        ) STRICT;
        CREATE INDEX keys_revoked
        ON keys (revoked)
        WHERE revoked IS NOT NULL;
        """;

    // Revocations have numbers, in the order in which they were committed: a watch that goes by the time of day misses
    // those of a clock that was stepped back. The trigger gives the numbers, so that a process of version 1 which still
    // has the file open does not go without.
    private const string Version2 = """
        ALTER TABLE keys ADD COLUMN revocation INTEGER;
        DROP INDEX keys_revoked;
        CREATE INDEX keys_revocation
        ON keys (revocation)
        WHERE revocation IS NOT NULL;
        INSERT INTO store
        VALUES ('revocations', 0), ('probes', 0);
        CREATE TRIGGER keys_are_revoked
        AFTER UPDATE OF epoch_key ON keys
        WHEN OLD.epoch_key IS NOT NULL AND NEW.epoch_key IS NULL
        BEGIN
            UPDATE store
            SET value = value + 1
            WHERE name = 'revocations';
            UPDATE keys
            SET revocation = (SELECT value FROM store WHERE name = 'revocations')
            WHERE id = NEW.id;
        END;
        PRAGMA user_version = 2;
        """;

    // The numbers alone do not distinguish a store from one that was restored from a backup: each has a random tag.
    private const string Version3 = """
        CREATE TABLE revocations (
            number INTEGER PRIMARY KEY NOT NULL,
            tag INTEGER NOT NULL
        ) STRICT;
        INSERT INTO revocations
        SELECT 0, random();
        INSERT OR IGNORE INTO revocations
        SELECT value, random()
        FROM store
        WHERE name = 'revocations';
        INSERT OR IGNORE INTO revocations
        SELECT revocation, random()
        FROM keys
        WHERE revocation IS NOT NULL;
        CREATE TRIGGER revocations_are_tagged
        AFTER UPDATE OF value ON store
        WHEN NEW.name = 'revocations'
        BEGIN
            INSERT OR REPLACE INTO revocations
            VALUES (NEW.value, random());
        END;
        PRAGMA user_version = 3;
        """;

    /// <summary>
    /// Creates the tables of a new file, upgrades those of an older version, and checks them.
    /// </summary>
    internal static void Ensure(SqliteConnection connection, string path, ChannelRole role)
    {
        connection.Execute("PRAGMA journal_mode = WAL");
        using (SqliteTransaction transaction = connection.BeginTransaction(deferred: false))
        {
            if (
                connection.Number("PRAGMA application_id") == 0
                && connection.Number("SELECT count(*) FROM sqlite_schema") == 0
            )
                Create(connection, role);
            if (
                connection.Number("PRAGMA application_id") == ApplicationId
                && connection.Number("PRAGMA user_version") == 1
            )
                connection.Execute(Version2);
            if (
                connection.Number("PRAGMA application_id") == ApplicationId
                && connection.Number("PRAGMA user_version") == 2
            )
                connection.Execute(Version3);
            transaction.Commit();
        }

        if (connection.Number("PRAGMA application_id") != ApplicationId)
            throw new KeyStoreException($"{path} is a database, but not a SymRatchet key store.");
        long version = connection.Number("PRAGMA user_version");
        if (version != Version)
            throw new KeyStoreException(
                $"The key store {path} is of version {version}; this library knows version {Version}."
            );
        var stored = (ChannelRole)connection.Number("SELECT value FROM store WHERE name = 'role'");
        if (stored != role)
            throw new KeyStoreException(
                $"The key store {path} serves the {stored}, not the {role}. A key serves one role only."
            )
            {
                IsWrongRole = true,
            };
    }

    private static void Create(SqliteConnection connection, ChannelRole role)
    {
        connection.Execute(TablesOfVersion1);
        connection.Execute(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                INSERT INTO store
                VALUES ('role', {(int)role}), ('serial', 0);
                PRAGMA application_id = {ApplicationId};
                PRAGMA user_version = 1;
                """
            )
        );
    }
}
