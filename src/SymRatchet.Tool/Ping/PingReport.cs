using System.Globalization;

namespace SymRatchet.Tool.Ping;

/// <summary>What a run of pings has found; times in milliseconds, those of pings null if there was no answer.</summary>
internal sealed record PingReport(
    string Address,
    string? Remote,
    string ClientId,
    string Suite,
    long Epoch,
    double Connect,
    double Handshake,
    int Sent,
    int Answered,
    double LossPercent,
    double? Min,
    double? Average,
    double? Max,
    double? Deviation,
    IReadOnlyList<double?> RoundTrips,
    string? EndedBy
)
{
    internal static PingReport Of(
        string address,
        string? remote,
        ChannelPeer peer,
        TimeSpan connect,
        TimeSpan handshake,
        IReadOnlyList<double?> roundTrips,
        string? endedBy
    )
    {
        double[] times = [.. roundTrips.OfType<double>()];
        double? average = times.Length > 0 ? times.Average() : null;
        return new PingReport(
            address,
            remote,
            peer.ClientId.ToString(),
            peer.Suite.ToString(),
            peer.Epoch,
            connect.TotalMilliseconds,
            handshake.TotalMilliseconds,
            roundTrips.Count,
            times.Length,
            roundTrips.Count > 0 ? 100.0 * (roundTrips.Count - times.Length) / roundTrips.Count : 0,
            times.Length > 0 ? times.Min() : null,
            average,
            times.Length > 0 ? times.Max() : null,
            average is { } mean ? Math.Sqrt(times.Average(time => (time - mean) * (time - mean))) : null,
            roundTrips,
            endedBy
        );
    }

    /// <summary>The summary, in the form of that of ping.</summary>
    internal IEnumerable<string> ToLines()
    {
        yield return "";
        yield return $"--- {Address} ping statistics ---";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{Sent} sent, {Answered} answered, {LossPercent:0.#}% loss"
        );
        if (Answered > 0)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"round trip min/avg/max/mdev = {Min:0.000}/{Average:0.000}/{Max:0.000}/{Deviation:0.000} ms"
            );
    }
}
