using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>Provides the options of a <see cref="TunnelServer"/>.</summary>
/// <remarks>See <see cref="TunnelOptions"/>. Not thread-safe.</remarks>
public sealed class TunnelServerOptions : TunnelOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="TunnelServerOptions"/> class with the defaults.
    /// </summary>
    public TunnelServerOptions() => SetKeepAlive(Channel);

    /// <summary>Initializes a new instance of the <see cref="TunnelServerOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <remarks>Referenced objects, the lists and the channel's options among them, are shared.</remarks>
    public TunnelServerOptions(TunnelServerOptions other)
        : base(other)
    {
        Forward = other.Forward;
        Routes = other.Routes;
        Allow = other.Allow;
        MaxConnectionsPerId = other.MaxConnectionsPerId;
        TargetTimeout = other.TargetTimeout;
        Multiplex = other.Multiplex;
        Channel = other.Channel;
    }

    /// <summary>
    /// Gets or sets the target of the clients that no route names, in the form of <see cref="TunnelEndPoint"/>.
    /// </summary>
    /// <value>Required unless there are <see cref="Routes"/>; the default is null.</value>
    public string? Forward { get; set; }

    /// <summary>Gets or sets the targets of particular clients.</summary>
    /// <value>The default is none.</value>
    /// <remarks>The first whose pattern matches the client's id counts.</remarks>
    public IList<TunnelRoute> Routes { get; set; } = [];

    /// <summary>
    /// Gets or sets the patterns of the ids that may use the tunnel, as in <see cref="TunnelRoute.Id"/>.
    /// </summary>
    /// <value>The default is none, for every client of the key store.</value>
    public IList<string> Allow { get; set; } = [];

    /// <summary>Gets or sets how many connections the tunnel carries at a time for one client.</summary>
    /// <value>1 or more; the default is 1,000.</value>
    /// <remarks>Further ones are reset.</remarks>
    public int MaxConnectionsPerId { get; set; } = 1_000;

    /// <summary>Gets or sets how long connecting to a target may take.</summary>
    /// <value>Positive and less than a day; the default is 10 seconds.</value>
    public TimeSpan TargetTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets the options of the channels. Their <see cref="SecureChannelServerOptions.Keys"/> are required;
    /// their clock, loggers and <see cref="SecureChannelOptions.HashIdsInLogs"/> are the tunnel's, too.
    /// </summary>
    /// <value>
    /// The default has <see cref="SecureChannelOptions.KeepAliveInterval"/> and
    /// <see cref="SecureChannelOptions.KeepAliveTimeout"/> of 10 seconds each.
    /// </value>
    public SecureChannelServerOptions Channel { get; set; } = new();

    /// <summary>Gets or sets whether all connections share one channel.</summary>
    /// <value>The default is false: each connection has a channel of its own.</value>
    /// <remarks>
    /// For programs that open many short connections: only the first waits for a handshake. Each has its own flow
    /// control, so one that is not read holds up no other. Both sides of a tunnel need the same value; if they differ,
    /// connections are reset and both logs say so.
    /// </remarks>
    public bool Multiplex { get; set; }

    /// <inheritdoc/>
    public override void Validate() => Validated();

    internal TunnelServerOptions Validated()
    {
        ValidateCommon();
        ArgumentNullException.ThrowIfNull(Routes);
        ArgumentNullException.ThrowIfNull(Allow);
        ArgumentNullException.ThrowIfNull(Channel);
        AtLeastOne(MaxConnectionsPerId, nameof(MaxConnectionsPerId));
        PositiveTimeout(TargetTimeout, nameof(TargetTimeout));
        if (Forward is not null || Routes.Count == 0)
            EndPointOf(Forward, nameof(Forward));
        ToRoutes();
        Channel.Validate();
        return new TunnelServerOptions(this)
        {
            Routes = [.. Routes.Select(route => new TunnelRoute { Id = route.Id, Forward = route.Forward })],
            Allow = [.. Allow],
            Channel = new SecureChannelServerOptions(Channel) { LeaveOpen = false },
        };
    }

    internal TunnelEndPoint ToListen() => EndPointOf(Listen, nameof(Listen));

    internal RouteTable ToRoutes() =>
        new(
            [
                .. Routes.Select(route =>
                    (
                        PatternOf(route.Id, $"{nameof(Routes)}.{nameof(TunnelRoute.Id)}"),
                        EndPointOf(route.Forward, $"{nameof(Routes)}.{nameof(TunnelRoute.Forward)}")
                    )
                ),
            ],
            Forward is null ? null : EndPointOf(Forward, nameof(Forward)),
            [.. Allow.Select(pattern => PatternOf(pattern, nameof(Allow)))]
        );
}
