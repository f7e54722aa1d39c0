namespace SymRatchet.Tunnel;

/// <summary>Provides where a server listens for the clients whose ids match a pattern.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class ReverseRoute
{
    /// <summary>Initializes a new instance of the <see cref="ReverseRoute"/> class.</summary>
    public ReverseRoute() { }

    /// <summary>Gets or sets the pattern of the ids, as that of <see cref="TunnelRoute.Id"/>.</summary>
    /// <value>Required.</value>
    public string? Id { get; set; }

    /// <summary>Gets or sets where to listen, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>
    /// Required. <c>{id}</c> stands for the client's id, whose characters other than letters, digits, <c>.</c>,
    /// <c>_</c> and <c>-</c> become <c>_</c>: <c>unix:/run/plc/{id}.sock</c>.
    /// </value>
    public string? Listen { get; set; }
}
