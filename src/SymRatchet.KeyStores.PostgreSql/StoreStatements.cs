namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// The statements of a store. Times are the database's, so that servers whose clocks differ agree; they are shown, and
/// decide nothing.
/// </summary>
internal sealed class StoreStatements(string schema)
{
    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    /// <summary>
    /// Holds where a commit is durable before it is reported. Setting the value for the transaction keeps a reload from
    /// changing it between the statement and its commit.
    /// </summary>
    private const string IsDurable =
        "set_config('synchronous_commit', current_setting('synchronous_commit'), true) <> 'off'";

    /// <summary>A process of an earlier version revokes without a tag, which must not fail the look for all.</summary>
    private const string Tag = "coalesce(revocation_tag, '00000000-0000-0000-0000-000000000000'::uuid)";

    private readonly string _keys = $"{Quote(schema)}.keys";

    private readonly string _store = $"{Quote(schema)}.store";

    /// <summary>Where revocations are announced.</summary>
    internal string RevocationsChannel { get; } = $"{schema}_revoked";

    internal string Listen => $"LISTEN {Quote(RevocationsChannel)}";

    /// <summary>
    /// One row, true where commits are durable before they are reported; holds for the transaction, which the server
    /// undoes by itself when nothing comes any more.
    /// </summary>
    internal static string CheckDurability =>
        $"SELECT {IsDurable}, set_config('idle_in_transaction_session_timeout', '10s', true)";

    /// <summary>
    /// A row that holds no key and was not revoked is found as well: reading it shows that it is damaged.
    /// </summary>
    internal string Find => KeyRow.Find(KeyOfId, "$2", "$3");

    internal string FindToChange => $"SELECT {KeyRow.KeyColumns} {KeyOfId}";

    private string KeyOfId =>
        $"""
            FROM {_keys}
            WHERE id = $1
                AND (epoch_key IS NOT NULL OR revoked IS NULL)
            """;

    internal string Describe =>
        $"""
            SELECT {KeyRow.RecordColumns}
            FROM {_keys}
            WHERE id = $1
            """;

    internal string DescribeToChange =>
        $"""
            {Describe}
            FOR UPDATE
            """;

    internal string State =>
        $"""
            SELECT {KeyState.Columns}
            FROM {_keys}
            WHERE id = $1
            """;

    internal string List =>
        $"""
            SELECT {KeyRow.RecordColumns}
            FROM {_keys}
            WHERE id > $1
            ORDER BY id
            LIMIT $2
            """;

    internal string NextSerial => $"SELECT nextval('{Quote(schema)}.serials')";

    internal string Add =>
        $"""
            INSERT INTO {_keys}
                (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, last_seen, added)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {Now})
            ON CONFLICT (id) DO NOTHING
            """;

    /// <summary>
    /// The one statement of a handshake's write: forward only, and a successor takes the place of what it follows.
    /// </summary>
    internal string Advance =>
        $"""
            UPDATE {_keys}
            SET identity_key = CASE WHEN serial = $2 THEN identity_key ELSE next_identity_key END,
                serial = $2,
                epoch = $3,
                epoch_key = $4,
                last_seen = {Now},
                next_serial = CASE WHEN serial = $2 THEN next_serial END,
                next_identity_key = CASE WHEN serial = $2 THEN next_identity_key END,
                next_epoch_key = CASE WHEN serial = $2 THEN next_epoch_key END
            WHERE id = $1
                AND epoch_key IS NOT NULL
                AND ((serial = $2 AND epoch < $3) OR next_serial = $2)
                AND {IsDurable}
            """;

    /// <summary>
    /// Finds the key that did not move. It locks the row, so that the answer waits, as a commit does, until what it
    /// reports is durable: the advance by another process, which may not know the outcome.
    /// </summary>
    internal string Knows =>
        $"""
            SELECT FROM {_keys}
            WHERE id = $1
                AND epoch_key IS NOT NULL
                AND (serial = $2 OR next_serial = $2)
                AND {IsDurable}
            FOR NO KEY UPDATE
            """;

    internal string Replace =>
        $"""
            UPDATE {_keys}
            SET serial = $2,
                identity_key = $3,
                epoch = 0,
                epoch_key = $4,
                next_serial = NULL,
                next_identity_key = NULL,
                next_epoch_key = NULL
            WHERE id = $1
            """;

    internal string Queue =>
        $"""
            UPDATE {_keys}
            SET next_serial = $2,
                next_identity_key = $3,
                next_epoch_key = $4
            WHERE id = $1
            """;

    /// <summary>
    /// Revokes, counts and announces; a row where there was something to revoke. The row of the key is locked before
    /// that of the count, so a revocation that waits for its key holds up no other; and the count stays locked until
    /// the commit, so counts become visible in their order. One statement, so that the lock is never held for a process
    /// that has stopped.
    /// </summary>
    internal string Revoke =>
        $"""
            WITH present AS (
                SELECT id
                FROM {_keys}
                WHERE id = $1
                    AND (epoch_key IS NOT NULL OR revoked IS NULL)
                    AND {IsDurable}
                FOR UPDATE
            ), counted AS (
                UPDATE {_store}
                SET revocations = revocations + 1
                FROM present
                RETURNING revocations
            ), gone AS (
                UPDATE {_keys}
                SET identity_key = NULL,
                    epoch_key = NULL,
                    next_serial = NULL,
                    next_identity_key = NULL,
                    next_epoch_key = NULL,
                    revoked = {Now},
                    revocation = counted.revocations,
                    revocation_tag = gen_random_uuid()
                FROM counted
                WHERE id = $1
                RETURNING id
            )
            SELECT pg_notify('{RevocationsChannel}', '')
            FROM gone
            """;

    /// <summary>
    /// Finds what is revoked already. It locks the row, so that the answer waits until the revocation by another is
    /// durable, whose outcome that other may not know.
    /// </summary>
    internal string IsRevoked =>
        $"""
            SELECT FROM {_keys}
            WHERE id = $1
                AND {IsDurable}
            FOR NO KEY UPDATE
            """;

    /// <summary>
    /// A page of revocations in the order of their commits: after the lowest that was reported, and all from the first
    /// on if one that was reported is missing or different. Then the database was restored, or a standby took over that
    /// lacks it, and its number may be another's. Reporting one twice does no harm.
    /// </summary>
    internal string RevokedAfter =>
        $"""
            SELECT revocation, id, {Tag}
            FROM {_keys}
            WHERE revocation > (
                SELECT CASE WHEN bool_and(
                    coalesce((SELECT {Tag} = tag FROM {_keys} WHERE revocation = number), false)
                ) THEN min(number) ELSE 0 END
                FROM unnest($1, $2) AS reported (number, tag)
            )
            ORDER BY revocation
            LIMIT $3
            """;

    /// <summary>The ordinals of <see cref="RevokedAfter"/>.</summary>
    internal static class RevokedAfterColumn
    {
        internal const int Number = 0;
        internal const int Id = 1;
        internal const int Tag = 2;
    }

    /// <summary>The revocation that was committed last; no row where there was none.</summary>
    internal string LastRevocation =>
        $"""
            SELECT revocation, {Tag}
            FROM {_keys}
            WHERE revocation IS NOT NULL
            ORDER BY revocation DESC
            LIMIT 1
            """;

    /// <summary>The ordinals of <see cref="LastRevocation"/>.</summary>
    internal static class LastRevocationColumn
    {
        internal const int Number = 0;
        internal const int Tag = 1;
    }

    internal string Restrict =>
        $"""
            UPDATE {_keys}
            SET suites = $2
            WHERE id = $1
                AND epoch_key IS NOT NULL
            """;

    /// <summary>Only where the row is as it was when its keys were read.</summary>
    internal string Rewrap =>
        $"""
            UPDATE {_keys}
            SET identity_key = $2,
                epoch_key = $3,
                next_identity_key = $4,
                next_epoch_key = $5
            WHERE id = $1
                AND epoch_key IS NOT NULL
                AND serial = $6
                AND epoch = $7
                AND next_serial IS NOT DISTINCT FROM $8
                AND sha256(epoch_key) = $9
            """;

    /// <summary>
    /// Needs all that an advance needs and changes nothing: the rights, a database that takes writes, and a commit that
    /// becomes durable.
    /// </summary>
    internal string Probe =>
        $"""
            UPDATE {_keys}
            SET epoch = epoch
            WHERE false;
            SELECT pg_logical_emit_message(true, 'symratchet', '')
            """;

    /// <summary>A name as SQL takes it whatever word it is.</summary>
    internal static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
