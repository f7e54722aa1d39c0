namespace SymRatchet.Tunnel;

/// <summary>Why a connection did not end in order.</summary>
/// <param name="Kind">One of few words, for the meters.</param>
/// <param name="Text">What the log line says.</param>
internal sealed record ConnectionFailure(string Kind, string Text)
{
    internal static ConnectionFailure Limit(string reason) => new("limit", $"was refused: {reason}");

    internal static ConnectionFailure Route(string reason) => new("route", $"was refused: {reason}");

    internal static ConnectionFailure Target(string reason) => new("target", $"found no target: {reason}");

    internal static ConnectionFailure Connect(string reason) => new("connect", $"found no channel: {reason}");

    internal static ConnectionFailure Stopped(string reason) => new("stopped", $"was reset: {reason}");

    /// <summary>Returns what a relay's failure is; null for none.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="plain">What the plain connection is called.</param>
    internal static ConnectionFailure? Of(RelayFailure? failure, string plain) =>
        failure?.Side switch
        {
            null => null,
            RelaySide.Plain => new(plain, $"was reset by the {plain}: {failure.Reason}"),
            RelaySide.Secured => new("channel", $"was reset by the channel: {failure.Reason}"),
            _ => Stopped(failure.Reason),
        };
}
