namespace SymRatchet.Tunnel;

/// <summary>Where a relay failed.</summary>
internal enum RelaySide
{
    /// <summary>The application's connection.</summary>
    Plain,

    /// <summary>The channel, or the multiplexer's stream.</summary>
    Secured,

    /// <summary>This process ended the connection.</summary>
    This,
}

/// <summary>What failed first in a relay.</summary>
/// <param name="Side">Where.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Exception">The exception; null if there is none.</param>
internal sealed record RelayFailure(RelaySide Side, string Reason, Exception? Exception);
