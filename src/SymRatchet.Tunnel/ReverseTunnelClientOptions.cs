namespace SymRatchet.Tunnel;

/// <summary>Provides the options of a <see cref="ReverseTunnelClient"/>.</summary>
/// <remarks>Not thread-safe; a client takes a copy.</remarks>
public sealed class ReverseTunnelClientOptions : TunnelOptions
{
    /// <summary>Initializes a new instance of the <see cref="ReverseTunnelClientOptions"/> class.</summary>
    /// <remarks>Dead peers are found within 30 seconds, see <see cref="Channel"/>.</remarks>
    public ReverseTunnelClientOptions() => SetKeepAlive(Channel);

    /// <summary>Initializes a new instance as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public ReverseTunnelClientOptions(ReverseTunnelClientOptions other)
        : base(other)
    {
        Connect = other.Connect;
        Forward = other.Forward;
        TargetTimeout = other.TargetTimeout;
        Channel = other.Channel;
    }

    /// <summary>Gets or sets the tunnel server, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>Required; the default is null.</value>
    public string? Connect { get; set; }

    /// <summary>Gets or sets the target of all connections, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>Required; the default is null.</value>
    public string? Forward { get; set; }

    /// <summary>Gets or sets how long connecting to the target may take.</summary>
    /// <value>Positive and less than a day; the default is 10 seconds.</value>
    public TimeSpan TargetTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the options of the channel.</summary>
    /// <value>
    /// Its key is required. The default sends a sign of life after 10 seconds of silence, and waits 10 seconds for an
    /// answer.
    /// </value>
    public SecureChannelClientOptions Channel { get; set; } = new();

    /// <inheritdoc/>
    public override void Validate() => Validated();

    internal override string DisplayName => Name ?? Connect ?? "";

    internal ReverseTunnelClientOptions Validated()
    {
        if (Listen is not null)
            throw new ArgumentException($"{nameof(Listen)} is set, but the server listens for a reverse client.");
        ValidateLimits();
        EndPointOf(Connect, nameof(Connect));
        EndPointOf(Forward, nameof(Forward));
        ArgumentNullException.ThrowIfNull(Channel);
        PositiveTimeout(TargetTimeout, nameof(TargetTimeout));
        Channel.Validate();
        return new ReverseTunnelClientOptions(this)
        {
            Channel = new SecureChannelClientOptions(Channel) { LeaveOpen = false },
        };
    }

    internal TunnelEndPoint ToConnect() => EndPointOf(Connect, nameof(Connect));

    internal TunnelEndPoint ToForward() => EndPointOf(Forward, nameof(Forward));
}
