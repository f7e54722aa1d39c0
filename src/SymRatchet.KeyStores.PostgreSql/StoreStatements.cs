namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>The statements of a store. Times are the database's, so that servers whose clocks differ agree.</summary>
internal sealed class StoreStatements(string schema)
{
    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    /// <summary>Where revocations are announced.</summary>
    internal string RevocationsChannel { get; } = schema + "_revoked";

    internal string Find { get; } = $"SELECT {KeyRow.KeyColumns} FROM {schema}.keys WHERE id = $1 AND epoch_key IS NOT NULL";

    internal string FindToRewrap { get; } = $"SELECT {KeyRow.KeyColumns} FROM {schema}.keys WHERE id = $1 AND epoch_key IS NOT NULL FOR UPDATE";

    internal string Describe { get; } = $"SELECT {KeyRow.RecordColumns} FROM {schema}.keys WHERE id = $1";

    internal string DescribeToChange { get; } = $"SELECT {KeyRow.RecordColumns} FROM {schema}.keys WHERE id = $1 FOR UPDATE";

    internal string List { get; } = $"SELECT {KeyRow.RecordColumns} FROM {schema}.keys WHERE id > $1 ORDER BY id LIMIT $2";

    internal string NextSerial { get; } = $"SELECT nextval('{schema}.serials')";

    internal string Add { get; } = $"""
        INSERT INTO {schema}.keys (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, last_seen, added)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {Now}) ON CONFLICT (id) DO NOTHING
        """;

    /// <summary>The one statement of a handshake's write: forward only, and a successor takes the place of what it follows.</summary>
    internal string Advance { get; } = $"""
        UPDATE {schema}.keys SET
            identity_key = CASE WHEN serial = $2 THEN identity_key ELSE next_identity_key END,
            serial = $2, epoch = $3, epoch_key = $4, last_seen = {Now},
            next_serial = CASE WHEN serial = $2 THEN next_serial END,
            next_identity_key = CASE WHEN serial = $2 THEN next_identity_key END,
            next_epoch_key = CASE WHEN serial = $2 THEN next_epoch_key END
        WHERE id = $1 AND epoch_key IS NOT NULL AND ((serial = $2 AND epoch < $3) OR next_serial = $2)
        """;

    internal string Knows { get; } = $"SELECT FROM {schema}.keys WHERE id = $1 AND epoch_key IS NOT NULL AND (serial = $2 OR next_serial = $2)";

    internal string Replace { get; } = $"""
        UPDATE {schema}.keys SET serial = $2, identity_key = $3, epoch = 0, epoch_key = $4,
            next_serial = NULL, next_identity_key = NULL, next_epoch_key = NULL WHERE id = $1
        """;

    internal string Queue { get; } = $"UPDATE {schema}.keys SET next_serial = $2, next_identity_key = $3, next_epoch_key = $4 WHERE id = $1";

    /// <summary>Revokes and announces it in one transaction; a row for each identity that was revoked, of which there is one at most.</summary>
    internal string Revoke { get; } = $"""
        WITH gone AS (
            UPDATE {schema}.keys SET identity_key = NULL, epoch_key = NULL, next_serial = NULL, next_identity_key = NULL, next_epoch_key = NULL, revoked = {Now}
            WHERE id = $1 AND epoch_key IS NOT NULL RETURNING id)
        SELECT pg_notify('{schema}_revoked', '') FROM gone
        """;

    internal string RevokedSince { get; } = $"SELECT id, revoked FROM {schema}.keys WHERE revoked >= $1 ORDER BY revoked";

    internal string Clock { get; } = $"SELECT {Now}";

    internal string Restrict { get; } = $"UPDATE {schema}.keys SET suites = $2 WHERE id = $1 AND epoch_key IS NOT NULL";

    internal string Rewrap { get; } = $"UPDATE {schema}.keys SET identity_key = $2, epoch_key = $3, next_identity_key = $4, next_epoch_key = $5 WHERE id = $1";
}
