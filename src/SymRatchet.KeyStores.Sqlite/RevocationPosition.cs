using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// A position in the history of a store's revocations. The tag is random: if the revocation of that number has another
/// tag, the store was restored from a backup, or is another one.
/// </summary>
internal readonly record struct RevocationPosition(long Number, long Tag)
{
    /// <summary>The last revocation.</summary>
    internal static RevocationPosition Last(SqliteConnection connection)
    {
        using SqliteCommand last = connection.Prepare(
            """
            SELECT number, tag
            FROM revocations
            ORDER BY number DESC
            LIMIT 1
            """
        );
        const int numberColumn = 0;
        const int tagColumn = 1;
        using SqliteDataReader row = last.ExecuteReader();
        return row.Read() ? new RevocationPosition(row.GetInt64(numberColumn), row.GetInt64(tagColumn)) : default;
    }

    /// <summary>Returns whether it is in the history of this store as it is now.</summary>
    internal bool IsIn(SqliteConnection connection)
    {
        using SqliteCommand same = connection.Prepare(
            """
            SELECT count(*)
            FROM revocations
            WHERE number = $number
                AND tag = $tag
            """,
            "$number",
            "$tag"
        );
        return (long)same.With(Number, Tag).ExecuteScalar()! == 1;
    }
}
