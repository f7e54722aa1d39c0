using System.Globalization;

namespace SymRatchet.Tool.Keys;

/// <summary>An identity as it is shown: in a table, and as JSON.</summary>
internal sealed record KeyView(
    string Id,
    string State,
    string Protocol,
    string Evolution,
    long Epoch,
    string[] Suites,
    DateTimeOffset Added,
    DateTimeOffset? LastSeen,
    DateTimeOffset? Revoked
)
{
    internal static readonly string[] Heading =
    [
        "ID",
        "STATE",
        "PROTOCOL",
        "EVOLUTION",
        "EPOCH",
        "LAST SEEN",
        "SUITES",
    ];

    internal static KeyView Of(KeyRecord record) =>
        new(
            record.Id.ToString(),
            record.Revoked is not null ? "revoked"
                : record.IsRotating ? "rotating"
                : "active",
            record.Protocol.ToString(),
            record.Evolution.ToString(),
            record.Epoch,
            [.. record.Suites.Select(suite => suite.ToString())],
            record.Added,
            record.LastSeen,
            record.Revoked
        );

    internal string[] ToRow() =>
        [
            Id,
            State,
            Protocol,
            Evolution,
            Epoch.ToString(CultureInfo.InvariantCulture),
            TimeText(LastSeen),
            Suites.Length == 0 ? "all" : string.Join(",", Suites),
        ];

    internal static string TimeText(DateTimeOffset? time) =>
        time?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "never";
}
