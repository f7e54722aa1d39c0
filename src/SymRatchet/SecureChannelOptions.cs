using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SymRatchet.Channel;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>Provides the options that both sides of a channel have.</summary>
/// <remarks>
/// A channel takes a copy, so later changes do not affect it. One object may be used for many channels, on any threads,
/// as long as it is not modified.
/// </remarks>
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

    /// <summary>Gets or sets the protocol, which must be the same on both sides.</summary>
    /// <value>The default is <see cref="ChannelProtocol.V1"/>.</value>
    public ChannelProtocol Protocol { get; set; } = ChannelProtocol.V1;

    /// <summary>Gets or sets the cipher suites that are offered or accepted, in order of preference.</summary>
    /// <value>One or more, none twice; the default is all three, <see cref="CipherSuiteId.Aegis256"/> first.</value>
    /// <remarks>
    /// The server's preference decides. Suites that this machine does not support are skipped. Protocol 1 only.
    /// </remarks>
    public IReadOnlyList<CipherSuiteId> Suites { get; set; } =
    [CipherSuiteId.Aegis256, CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305];

    /// <summary>Gets or sets the largest record that is sent or accepted, including tag and padding.</summary>
    /// <value>256 bytes to 16 MiB; the default is 1 MiB.</value>
    /// <remarks>The largest message is <see cref="ISecureChannel.MaxMessageSize"/>.</remarks>
    public int MaxRecordSize { get; set; } = Limits.DefaultMaxRecordSize;

    /// <summary>
    /// Gets or sets the block size to which sent messages are padded, to hide their lengths (docs/protocol.md, 6.3).
    /// </summary>
    /// <value>0 bytes, for no padding, to <see cref="MaxRecordSize"/>; the default is 0.</value>
    /// <remarks>The receiver needs no setting. Protocol 1 only.</remarks>
    public int PaddingBlock { get; set; }

    /// <summary>Gets or sets how many epochs one side's store may be ahead of the other's.</summary>
    /// <value>1 to 65,536; the default is 65,536.</value>
    /// <remarks>Protocol 1 only.</remarks>
    public long EpochLimit { get; set; } = Limits.EpochLimit;

    /// <summary>Gets or sets how long a handshake may take.</summary>
    /// <value>
    /// Positive and less than a day, or <see cref="Timeout.InfiniteTimeSpan"/>; the default is 10 seconds.
    /// </value>
    public TimeSpan HandshakeTimeout { get; set; } = Limits.HandshakeTimeout;

    /// <summary>
    /// Gets or sets how long the peer may be silent before it is sent a PING (docs/protocol.md, 6.5).
    /// </summary>
    /// <value>
    /// 100 milliseconds or more and less than a day; or <see cref="Timeout.InfiniteTimeSpan"/>, the default, for no
    /// keep-alive. 30 seconds suit most uses.
    /// </value>
    /// <remarks>
    /// A lost peer is detected within this time and <see cref="KeepAliveTimeout"/>, and the channel then fails with
    /// <see cref="SecureChannelError.Timeout"/>. Both sides must receive: the peer answers only while it does, and this
    /// side checks only while it does. Stops when a direction is closed. Protocol 1 only.
    /// </remarks>
    public TimeSpan KeepAliveInterval { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Gets or sets how long the peer may take to answer a keep-alive PING.</summary>
    /// <value>100 milliseconds or more and less than a day; the default is 20 seconds.</value>
    public TimeSpan KeepAliveTimeout { get; set; } = Limits.KeepAliveTimeout;

    /// <summary>Gets or sets whether the stream or pipe stays open when the channel is disposed.</summary>
    /// <value>The default is false.</value>
    public bool LeaveOpen { get; set; }

    /// <summary>Gets or sets the clock for timeouts and durations.</summary>
    /// <value>The default is <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Gets or sets the logger factory.</summary>
    /// <value>The default is <see cref="NullLoggerFactory.Instance"/>.</value>
    /// <remarks>No log message contains a key or a payload.</remarks>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Gets or sets whether logs contain <see cref="ClientId.ToHash"/> in place of a client's id.</summary>
    /// <value>The default is false.</value>
    /// <remarks>
    /// Messages of one client can still be correlated, and an id that can be guessed can be recognised.
    /// </remarks>
    public bool HashIdsInLogs { get; set; }

    /// <summary>Checks these options as <see cref="SecureChannel"/> does for each channel.</summary>
    /// <exception cref="ArgumentException">The options are incomplete, or one has a value out of its range.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    /// <remarks>For programs that must fail at their start and not at the first connection.</remarks>
    public abstract void Validate();

    internal string LogNameOf(ClientId id) => id.ToLogName(HashIdsInLogs);

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
        if (MaxRecordSize is < Limits.MinRecordSize or > Limits.MaxRecordSizeCeiling)
            throw new ArgumentException(
                $"{nameof(MaxRecordSize)} is {MaxRecordSize}; it must be {Limits.MinRecordSize} to "
                    + $"{Limits.MaxRecordSizeCeiling} bytes."
            );
        if (PaddingBlock < 0 || PaddingBlock > MaxRecordSize)
            throw new ArgumentException(
                $"{nameof(PaddingBlock)} is {PaddingBlock}; it must be 0 to {nameof(MaxRecordSize)}."
            );
        if (EpochLimit is < 1 or > Limits.EpochLimit)
            throw new ArgumentException($"{nameof(EpochLimit)} is {EpochLimit}; it must be 1 to {Limits.EpochLimit}.");
        if (
            HandshakeTimeout != Timeout.InfiniteTimeSpan
            && (HandshakeTimeout <= TimeSpan.Zero || HandshakeTimeout >= Limits.TimeoutBound)
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
        if (KeepAliveInterval < Limits.MinKeepAlive || KeepAliveInterval >= Limits.TimeoutBound)
            throw new ArgumentException(
                $"{nameof(KeepAliveInterval)} is {KeepAliveInterval}; it must be 100 ms or more and less than a day, "
                    + $"or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}."
            );
        if (KeepAliveTimeout < Limits.MinKeepAlive || KeepAliveTimeout >= Limits.TimeoutBound)
            throw new ArgumentException(
                $"{nameof(KeepAliveTimeout)} is {KeepAliveTimeout}; it must be 100 ms or more and less than a day."
            );
        if (!ProtocolEntry.Of(Protocol).SupportsPing)
            throw new ArgumentException($"Protocol {Protocol} has no ping, and so no {nameof(KeepAliveInterval)}.");
    }

    internal HandshakeSettings ToSettings(bool sendBeforeConfirm) =>
        new(SupportedSuites(), MaxRecordSize, PaddingBlock, EpochLimit, sendBeforeConfirm, RandomSource.System)
        {
            Time = TimeProvider,
            // Twice the own timeout, because the peer's is unknown and its clock may differ.
            ParallelWindow = HandshakeTimeout == Timeout.InfiniteTimeSpan ? HandshakeTimeout : 2 * HandshakeTimeout,
        };

    // Asked for by every handshake, so without a query's objects.
    private CipherSuite[] SupportedSuites()
    {
        CipherSuite[] supported = new CipherSuite[Suites.Count];
        int count = 0;
        for (int i = 0; i < Suites.Count; i++)
        {
            var suite = CipherSuite.Get(Suites[i]);
            if (suite.IsSupported)
                supported[count++] = suite;
        }

        return supported[..count];
    }
}
