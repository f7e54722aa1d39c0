using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SymRatchet.Diagnostics;

/// <summary>The meter <c>SymRatchet</c>. Tags have few values and never contain an id.</summary>
internal static class ChannelMetrics
{
    private static readonly Meter Meter = new("SymRatchet");

    private static readonly Counter<long> Handshakes = Meter.CreateCounter<long>(
        "symratchet.handshakes",
        "{handshake}",
        "Handshakes by role and outcome."
    );

    private static readonly Histogram<double> HandshakeDuration = Meter.CreateHistogram<double>(
        "symratchet.handshake.duration",
        "s",
        "Time from the first byte to the end of a handshake."
    );

    private static readonly UpDownCounter<long> ActiveChannels = Meter.CreateUpDownCounter<long>(
        "symratchet.channels.active",
        "{channel}",
        "Established channels that are not yet disposed."
    );

    private static readonly Counter<long> Messages = Meter.CreateCounter<long>(
        "symratchet.messages",
        "{message}",
        "Messages by direction."
    );

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "symratchet.bytes",
        "By",
        "Payload bytes by direction."
    );

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "symratchet.failures",
        "{failure}",
        "Established channels that failed, by reason."
    );

    private static readonly Counter<long> Alarms = Meter.CreateCounter<long>(
        "symratchet.alarms",
        "{alarm}",
        "Handshakes that show a store restored from a backup or a key with a second owner, by kind."
    );

    private static readonly KeyValuePair<string, object?> Sent = new("direction", "sent");
    private static readonly KeyValuePair<string, object?> Received = new("direction", "received");

    internal static void HandshakeEnded(ChannelRole role, SecureChannelError error, TimeSpan duration)
    {
        TagList tags = new()
        {
            { "role", role.ToString() },
            { "outcome", error == SecureChannelError.None ? "ok" : error.ToString() },
        };
        Handshakes.Add(1, tags);
        HandshakeDuration.Record(duration.TotalSeconds, tags);
    }

    internal static void AlarmRaised(ChannelRole role, string kind) =>
        Alarms.Add(1, new TagList { { "role", role.ToString() }, { "kind", kind } });

    internal static void ChannelOpened() => ActiveChannels.Add(1);

    internal static void ChannelEnded() => ActiveChannels.Add(-1);

    internal static void MessageSent(int length)
    {
        Messages.Add(1, Sent);
        Bytes.Add(length, Sent);
    }

    internal static void MessageReceived(int length)
    {
        Messages.Add(1, Received);
        Bytes.Add(length, Received);
    }

    internal static void ChannelFailed(SecureChannelError error) =>
        Failures.Add(1, new KeyValuePair<string, object?>("reason", error.ToString()));
}
