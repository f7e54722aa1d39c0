namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>What a channel between two tunnel ends that carries many connections is for.</summary>
internal enum LinkKind
{
    /// <summary>The client opens connections to the server's targets.</summary>
    Forward,

    /// <summary>The server opens connections to the client's target.</summary>
    Reverse,
}
