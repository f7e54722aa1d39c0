using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SymRatchet.Channel;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>What both sides of a channel can set. A channel takes a copy, so later changes do not reach it. Many
/// channels, on any threads, may be made from one object that nobody changes meanwhile.</summary>
public abstract class SecureChannelOptions
{
    private protected SecureChannelOptions() { }

    private protected SecureChannelOptions(SecureChannelOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Protocol = other.Protocol;
        Suites = [.. other.Suites];
        MaxRecordSize = other.MaxRecordSize;
        PaddingBlock = other.PaddingBlock;
        EpochLimit = other.EpochLimit;
        HandshakeTimeout = other.HandshakeTimeout;
        KeepAliveInterval = other.KeepAliveInterval;
        KeepAliveTimeout = other.KeepAliveTimeout;
        LeaveOpen = other.LeaveOpen;
        TimeProvider = other.TimeProvider;
        LoggerFactory = other.LoggerFactory;
        HashIdsInLogs = other.HashIdsInLogs;
    }

    /// <summary>The protocol, <see cref="ChannelProtocol.V1"/> by default; the peer must be set to the same.</summary>
    public ChannelProtocol Protocol { get; set; } = ChannelProtocol.V1;

    /// <summary>
    /// The cipher suites that are offered or accepted, the preferred first; the server's preference decides. Suites
    /// that this machine does not support are passed over. By default all three, <see cref="CipherSuiteId.Aegis256"/>
    /// first. Protocol 1 only.
    /// </summary>
    public IReadOnlyList<CipherSuiteId> Suites { get; set; } =
    [CipherSuiteId.Aegis256, CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305];

    /// <summary>
    /// The largest record that is sent or accepted, in bytes, tag and padding counted: 256 bytes to 16 MiB, 1 MiB by
    /// default. What is left for a message is <see cref="ISecureChannel.MaxMessageSize"/>.
    /// </summary>
    public int MaxRecordSize { get; set; } = Limits.DefaultMaxRecordSize;

    /// <summary>
    /// Pads every message that is sent to a multiple of this many bytes, so that its length tells less; 0, the default,
    /// for no padding. The receiver needs no setting. Protocol 1 only.
    /// </summary>
    public int PaddingBlock { get; set; }

    /// <summary>
    /// How many epochs one side's store may be ahead of the other's, 1 to 65,536; 65,536 by default. Protocol 1 only.
    /// </summary>
    public long EpochLimit { get; set; } = Limits.EpochLimit;

    /// <summary>
    /// How long a handshake may take, 10 seconds by default, and less than a day.
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; set; } = Limits.HandshakeTimeout;

    /// <summary>
    /// After how long without anything from the peer it is asked for a sign of life;
    /// <see cref="Timeout.InfiniteTimeSpan"/>, the default, for never. 30 seconds suit most uses. A peer that is gone
    /// is found within this and <see cref="KeepAliveTimeout"/>, and the channel then fails with
    /// <see cref="SecureChannelError.Timeout"/>. Nothing is sent while traffic flows. The peer answers only while it
    /// receives, and this side concludes nothing while it does not: a program that only sends receives beside that. Not
    /// once a direction is closed. Protocol 1 only.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long the peer may take to give the sign of life that it was asked for; 20 seconds by default, and less than
    /// a day.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; set; } = Limits.KeepAliveTimeout;

    /// <summary>Whether the stream or pipe stays open when the channel is disposed. Off by default.</summary>
    public bool LeaveOpen { get; set; }

    /// <summary>The clock for time limits and durations.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go; nowhere by default. No log line holds a key or a payload.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Whether logs name a client by a hash of its id, the first half of its SHA-256, and not by the id. Off by
    /// default. Lines of one client can still be told to be of one; an id that can be guessed can be recognised.
    /// </summary>
    public bool HashIdsInLogs { get; set; }

    /// <summary>
    /// Checks that channels can be made with these options, as <see cref="SecureChannel"/> does with each: for a
    /// program, or a middleware, that is to fail when it starts and not with its first connection.
    /// </summary>
    /// <exception cref="ArgumentException">The options are incomplete, or one has a value out of its range.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    public abstract void Validate();

    internal string LogNameOf(ClientId id) => HashIdsInLogs ? id.ToHash() : id.ToString();

    private protected void ValidateCommon()
    {
        if (!Enum.IsDefined(Protocol))
            throw new ArgumentException($"{nameof(Protocol)} {Protocol} is not a protocol of this library.");
        ArgumentNullException.ThrowIfNull(Suites);
        if (Suites.Count == 0 || Suites.Distinct().Count() != Suites.Count || !Suites.All(CipherSuite.Exists))
            throw new ArgumentException($"{nameof(Suites)} must name one or more suites of this library, none twice.");
        if (ProtocolEntry.Of(Protocol).HasSuites && SupportedSuites().Length == 0)
            throw new PlatformNotSupportedException(
                $"This machine supports none of the suites {string.Join(", ", Suites)}."
            );
        if (MaxRecordSize is < Limits.MinRecordSize or > Limits.MaxRecordSize)
            throw new ArgumentException(
                $"{nameof(MaxRecordSize)} is {MaxRecordSize}; it must be {Limits.MinRecordSize} to "
                    + $"{Limits.MaxRecordSize} bytes."
            );
        if (PaddingBlock < 0 || PaddingBlock > MaxRecordSize)
            throw new ArgumentException(
                $"{nameof(PaddingBlock)} is {PaddingBlock}; it must be 0 to {nameof(MaxRecordSize)}."
            );
        if (EpochLimit is < 1 or > Limits.EpochLimit)
            throw new ArgumentException($"{nameof(EpochLimit)} is {EpochLimit}; it must be 1 to {Limits.EpochLimit}.");
        if (
            HandshakeTimeout != Timeout.InfiniteTimeSpan
            && (HandshakeTimeout <= TimeSpan.Zero || HandshakeTimeout >= Limits.HandshakeTimeoutBound)
        )
            throw new ArgumentException(
                $"{nameof(HandshakeTimeout)} is {HandshakeTimeout}; it must be positive and less than a day, or "
                    + $"{nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}."
            );
        if (KeepAliveInterval != Timeout.InfiniteTimeSpan)
            ValidateKeepAlive();
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
    }

    private void ValidateKeepAlive()
    {
        if (KeepAliveInterval < Limits.LeastKeepAlive || KeepAliveInterval >= Limits.HandshakeTimeoutBound)
            throw new ArgumentException(
                $"{nameof(KeepAliveInterval)} is {KeepAliveInterval}; it must be 100 ms or more and less than a day, "
                    + $"or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}."
            );
        if (KeepAliveTimeout < Limits.LeastKeepAlive || KeepAliveTimeout >= Limits.HandshakeTimeoutBound)
            throw new ArgumentException(
                $"{nameof(KeepAliveTimeout)} is {KeepAliveTimeout}; it must be 100 ms or more and less than a day."
            );
        if (!ProtocolEntry.Of(Protocol).HasPing)
            throw new ArgumentException($"Protocol {Protocol} has no ping, and so no {nameof(KeepAliveInterval)}.");
    }

    internal HandshakeSettings ToSettings(bool sendBeforeConfirm) =>
        new(SupportedSuites(), MaxRecordSize, PaddingBlock, EpochLimit, sendBeforeConfirm, RandomSource.System)
        {
            Time = TimeProvider,
            // The peer's limit is its own business, and the clocks of two machines differ: one limit for each.
            ParallelWindow = HandshakeTimeout == Timeout.InfiniteTimeSpan ? HandshakeTimeout : 2 * HandshakeTimeout,
        };

    private CipherSuite[] SupportedSuites() => [.. Suites.Select(CipherSuite.Get).Where(suite => suite.IsSupported)];
}
