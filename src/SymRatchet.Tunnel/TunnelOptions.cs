using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>Provides the options that both sides of a tunnel have.</summary>
/// <remarks>
/// All but the channel's keys, clock and loggers can be bound from a configuration. A tunnel takes a copy, so later
/// changes do not affect it.
/// </remarks>
public abstract class TunnelOptions
{
    private static readonly TimeSpan TimeoutBound = TimeSpan.FromDays(1);

    private protected TunnelOptions() { }

    private protected TunnelOptions(TunnelOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Name = other.Name;
        Listen = other.Listen;
        MaxConnections = other.MaxConnections;
        DrainTimeout = other.DrainTimeout;
    }

    /// <summary>Gets or sets the tunnel's name in logs and metrics.</summary>
    /// <value>The default is null, for the end point that it listens on in logs, and for no tag in metrics.</value>
    public string? Name { get; set; }

    /// <summary>Gets or sets where the tunnel listens, in the form of <see cref="TunnelEndPoint"/>.</summary>
    /// <value>Required; the default is null.</value>
    /// <remarks>
    /// A name is resolved once, and the tunnel listens on each of its addresses. A Unix socket that no process listens
    /// on any more is replaced.
    /// </remarks>
    public string? Listen { get; set; }

    /// <summary>Gets or sets how many connections the tunnel carries at a time.</summary>
    /// <value>1 or more; the default is 10,000.</value>
    /// <remarks>Further ones are reset.</remarks>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>Gets or sets how long a tunnel that stops waits for its connections to end.</summary>
    /// <value>Zero or more and less than a day; the default is 30 seconds.</value>
    /// <remarks>Those that remain are reset.</remarks>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks these options as a tunnel does at its start.</summary>
    /// <exception cref="ArgumentException">The options are incomplete, or one has a value out of its range.</exception>
    public abstract void Validate();

    internal virtual string DisplayName => Name ?? Listen ?? "";

    private protected void ValidateCommon()
    {
        EndPointOf(Listen, nameof(Listen));
        ValidateLimits();
    }

    private protected void ValidateLimits()
    {
        AtLeastOne(MaxConnections, nameof(MaxConnections));
        if (DrainTimeout < TimeSpan.Zero || DrainTimeout >= TimeoutBound)
            throw new ArgumentException(
                $"{nameof(DrainTimeout)} is {DrainTimeout}; it must be zero or more and less than a day."
            );
    }

    private protected static void AtLeastOne(int limit, string name)
    {
        if (limit < 1)
            throw new ArgumentException($"{name} is {limit}; it must be 1 or more.");
    }

    private protected static void PositiveTimeout(TimeSpan timeout, string name)
    {
        if (timeout <= TimeSpan.Zero || timeout >= TimeoutBound)
            throw new ArgumentException($"{name} is {timeout}; it must be positive and less than a day.");
    }

    private protected static IdPattern PatternOf(string? pattern, string name) =>
        string.IsNullOrEmpty(pattern)
            ? throw new ArgumentException($"{name} has an empty pattern; * matches every id.")
            : new IdPattern(pattern);

    /// <summary>Returns the end point that an option names.</summary>
    private protected static TunnelEndPoint EndPointOf(string? text, string name)
    {
        if (string.IsNullOrEmpty(text))
            throw new ArgumentException($"{name} is not set; it names an end point, as host:port or unix:/path.");
        try
        {
            return TunnelEndPoint.Parse(text);
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"{name}: {e.Message}", e);
        }
    }

    // Together less than the 30 seconds in which a silent peer is to be found.
    private protected static void SetKeepAlive(SecureChannelOptions channel)
    {
        channel.KeepAliveInterval = TimeSpan.FromSeconds(10);
        channel.KeepAliveTimeout = TimeSpan.FromSeconds(10);
    }
}
