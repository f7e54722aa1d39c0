using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SymRatchet.Primitives;

namespace SymRatchet;

/// <summary>What both sides of a channel can set. A channel takes a copy, so later changes do not reach it.</summary>
public abstract class SecureChannelOptions
{
    private protected SecureChannelOptions()
    {
    }

    private protected SecureChannelOptions(SecureChannelOptions other)
    {
        Protocol = other.Protocol;
        MaxMessageSize = other.MaxMessageSize;
        HandshakeTimeout = other.HandshakeTimeout;
        LeaveOpen = other.LeaveOpen;
        TimeProvider = other.TimeProvider;
        LoggerFactory = other.LoggerFactory;
    }

    /// <summary>The protocol; the peer must be set to the same.</summary>
    public ChannelProtocol Protocol { get; set; } = ChannelProtocol.Seed;

    /// <summary>The largest message that is sent or accepted, in bytes: 1 to 16 MiB, 1 MiB by default.</summary>
    public int MaxMessageSize { get; set; } = Limits.DefaultMaxMessageSize;

    /// <summary>How long a handshake may take, 10 seconds by default. <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = Limits.HandshakeTimeout;

    /// <summary>Whether the stream or pipe stays open when the channel is disposed. Off by default.</summary>
    public bool LeaveOpen { get; set; }

    /// <summary>The clock for time limits and durations.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go; nowhere by default. No log line holds a key or a payload.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    private protected void ValidateCommon()
    {
        if (!Enum.IsDefined(Protocol))
            throw new ArgumentException($"{nameof(Protocol)} {Protocol} is not a protocol of this library.");
        if (MaxMessageSize is < 1 or > Limits.MaxMessageSize)
            throw new ArgumentException($"{nameof(MaxMessageSize)} is {MaxMessageSize}; it must be 1 to {Limits.MaxMessageSize} bytes.");
        if (HandshakeTimeout != Timeout.InfiniteTimeSpan && HandshakeTimeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(HandshakeTimeout)} must be positive, or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}.");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
    }
}
