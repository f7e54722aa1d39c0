using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>Provides the options of a <see cref="ReverseTunnelServer"/>.</summary>
/// <remarks>Not thread-safe; a server takes a copy.</remarks>
public sealed class ReverseTunnelServerOptions : TunnelOptions
{
    /// <summary>Initializes a new instance of the <see cref="ReverseTunnelServerOptions"/> class.</summary>
    /// <remarks>Dead peers are found within 30 seconds, see <see cref="Channel"/>.</remarks>
    public ReverseTunnelServerOptions() => SetKeepAlive(Channel);

    /// <summary>Initializes a new instance as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public ReverseTunnelServerOptions(ReverseTunnelServerOptions other)
        : base(other)
    {
        Routes = other.Routes;
        MaxConnectionsPerId = other.MaxConnectionsPerId;
        ConnectTimeout = other.ConnectTimeout;
        Channel = other.Channel;
    }

    /// <summary>Gets or sets where to listen for each client.</summary>
    /// <value>Required; the default is empty. The first route that matches counts.</value>
    /// <remarks>A client that no route matches is refused.</remarks>
    public IList<ReverseRoute> Routes { get; set; } = [];

    /// <summary>Gets or sets how many connections are carried to one client at a time.</summary>
    /// <value>1 or more; the default is 1,000.</value>
    public int MaxConnectionsPerId { get; set; } = 1_000;

    /// <summary>Gets or sets how long a client may take to accept a connection.</summary>
    /// <value>Positive and less than a day; the default is 30 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets the options of the channels.</summary>
    /// <value>
    /// Its keys are required. The default sends a sign of life after 10 seconds of silence, and waits 10 seconds for an
    /// answer.
    /// </value>
    public SecureChannelServerOptions Channel { get; set; } = new();

    /// <inheritdoc/>
    public override void Validate() => Validated();

    internal ReverseTunnelServerOptions Validated()
    {
        ValidateCommon();
        ArgumentNullException.ThrowIfNull(Routes);
        ArgumentNullException.ThrowIfNull(Channel);
        AtLeastOne(MaxConnectionsPerId, nameof(MaxConnectionsPerId));
        PositiveTimeout(ConnectTimeout, nameof(ConnectTimeout));
        if (Routes.Count == 0)
            throw new ArgumentException($"{nameof(Routes)} is empty; it says where to listen for which client.");
        ToTable();
        Channel.Validate();
        return new ReverseTunnelServerOptions(this)
        {
            Routes = [.. Routes.Select(route => new ReverseRoute { Id = route.Id, Listen = route.Listen })],
            Channel = new SecureChannelServerOptions(Channel) { LeaveOpen = false },
        };
    }

    internal TunnelEndPoint ToListen() => EndPointOf(Listen, nameof(Listen));

    internal ReverseTable ToTable() =>
        new([
            .. Routes.Select(route =>
            {
                string listen = route.Listen ?? "";
                EndPointOf(ReverseTable.Fill(listen, "id"), $"{nameof(Routes)}.{nameof(ReverseRoute.Listen)}");
                return (PatternOf(route.Id, $"{nameof(Routes)}.{nameof(ReverseRoute.Id)}"), listen);
            }),
        ]);
}
