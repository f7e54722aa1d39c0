using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SymRatchet.Tunnel.Diagnostics;

/// <summary>The meter <c>SymRatchet.Tunnel</c>. Tags have few values and never contain an id.</summary>
internal static class TunnelMetrics
{
    private static readonly Meter Meter = new("SymRatchet.Tunnel");

    private static readonly Counter<long> Connections = Meter.CreateCounter<long>(
        "symratchet.tunnel.connections",
        "{connection}",
        "Connections that ended, by outcome."
    );

    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>(
        "symratchet.tunnel.connections.active",
        "{connection}",
        "Connections that are carried."
    );

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "symratchet.tunnel.connection.duration",
        "s",
        "How long connections lasted."
    );

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "symratchet.tunnel.bytes",
        "By",
        "Bytes of the applications, by direction."
    );

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "symratchet.tunnel.failures",
        "{failure}",
        "Connections that did not end in order, by reason."
    );

    internal static void Began(string role, string? tunnel) => Active.Add(1, Tags(role, tunnel));

    internal static void Ended(
        string role,
        string? tunnel,
        string? failure,
        long toServer,
        long toClient,
        TimeSpan duration
    )
    {
        TagList tags = Tags(role, tunnel);
        Active.Add(-1, tags);
        Duration.Record(duration.TotalSeconds, tags);
        AddBytes(tags, "to_server", toServer);
        AddBytes(tags, "to_client", toClient);
        TagList outcome = tags;
        outcome.Add("outcome", failure is null ? "ok" : "failed");
        Connections.Add(1, outcome);
        if (failure is null)
            return;
        tags.Add("reason", failure);
        Failures.Add(1, tags);
    }

    private static void AddBytes(TagList tags, string direction, long count)
    {
        tags.Add("direction", direction);
        Bytes.Add(count, tags);
    }

    private static TagList Tags(string role, string? tunnel)
    {
        TagList tags = new() { { "role", role } };
        if (tunnel is not null)
            tags.Add("tunnel", tunnel);
        return tags;
    }
}
