namespace SymRatchet;

/// <summary>The side of a channel. A key is provisioned for one role and refuses to serve in the other.</summary>
public enum ChannelRole
{
    /// <summary>The side that connects and speaks first.</summary>
    Client = 1,

    /// <summary>The side that accepts and knows the keys of many clients.</summary>
    Server = 2,
}
