namespace SymRatchet.Tunnel;

/// <summary>Provides the target of the clients whose ids match a pattern.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class TunnelRoute
{
    /// <summary>Initializes a new instance of the <see cref="TunnelRoute"/> class.</summary>
    public TunnelRoute() { }

    /// <summary>Gets or sets the pattern of the ids.</summary>
    /// <value>Required. <c>*</c> stands for any characters, also none, and <c>?</c> for one.</value>
    /// <remarks>
    /// Compared with the text of <see cref="ClientId.ToString"/>; upper and lower case differ. An id that has no text
    /// is matched in its form <c>0x</c> and hex digits.
    /// </remarks>
    public string? Id { get; set; }

    /// <summary>Gets or sets the target, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>Required.</value>
    public string? Forward { get; set; }
}
