namespace SymRatchet.Tunnel;

/// <summary>Provides the options of a <see cref="TunnelClient"/>.</summary>
/// <remarks>See <see cref="TunnelOptions"/>. Not thread-safe.</remarks>
public sealed class TunnelClientOptions : TunnelOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="TunnelClientOptions"/> class with the defaults.
    /// </summary>
    public TunnelClientOptions() => SetKeepAlive(Channel);

    /// <summary>Initializes a new instance of the <see cref="TunnelClientOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <remarks>Referenced objects, the channel's options among them, are shared.</remarks>
    public TunnelClientOptions(TunnelClientOptions other)
        : base(other)
    {
        Connect = other.Connect;
        ConnectTimeout = other.ConnectTimeout;
        ConnectRetries = other.ConnectRetries;
        MaxConnecting = other.MaxConnecting;
        Multiplex = other.Multiplex;
        Channel = other.Channel;
    }

    /// <summary>Gets or sets the tunnel server, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>Required; the default is null.</value>
    public string? Connect { get; set; }

    /// <summary>Gets or sets how long a connection may wait for its channel, retries included.</summary>
    /// <value>Positive and less than a day; the default is 30 seconds.</value>
    /// <remarks>Then it is reset.</remarks>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets how often a channel is tried again if the server cannot be reached, or ends the handshake.
    /// </summary>
    /// <value>0 to 100; the default is 4.</value>
    /// <remarks>The delays are random and grow from 0.25 to 5 seconds.</remarks>
    public int ConnectRetries { get; set; } = 4;

    /// <summary>Gets or sets how many channels are connected at a time; further ones wait.</summary>
    /// <value>1 or more; the default is 64.</value>
    public int MaxConnecting { get; set; } = 64;

    /// <summary>
    /// Gets or sets the options of the channels. Their key is required; their clock, loggers and
    /// <see cref="SecureChannelOptions.HashIdsInLogs"/> are the tunnel's, too.
    /// </summary>
    /// <value>
    /// The default has <see cref="SecureChannelOptions.KeepAliveInterval"/> and
    /// <see cref="SecureChannelOptions.KeepAliveTimeout"/> of 10 seconds each.
    /// </value>
    public SecureChannelClientOptions Channel { get; set; } = new();

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

    internal TunnelClientOptions Validated()
    {
        ValidateCommon();
        EndPointOf(Connect, nameof(Connect));
        ArgumentNullException.ThrowIfNull(Channel);
        PositiveTimeout(ConnectTimeout, nameof(ConnectTimeout));
        if (ConnectRetries is < 0 or > 100)
            throw new ArgumentException($"{nameof(ConnectRetries)} is {ConnectRetries}; it must be 0 to 100.");
        AtLeastOne(MaxConnecting, nameof(MaxConnecting));
        Channel.Validate();
        return new TunnelClientOptions(this)
        {
            Channel = new SecureChannelClientOptions(Channel) { LeaveOpen = false },
        };
    }

    internal TunnelEndPoint ToListen() => EndPointOf(Listen, nameof(Listen));

    internal TunnelEndPoint ToConnect() => EndPointOf(Connect, nameof(Connect));
}
