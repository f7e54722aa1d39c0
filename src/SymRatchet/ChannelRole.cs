namespace SymRatchet;

/// <summary>Specifies the side of a channel.</summary>
/// <remarks>A key is provisioned for one role and rejected in the other.</remarks>
public enum ChannelRole
{
    /// <summary>The side that connects and sends the first message.</summary>
    Client = 1,

    /// <summary>The side that accepts, and holds the keys of its clients.</summary>
    Server = 2,
}
