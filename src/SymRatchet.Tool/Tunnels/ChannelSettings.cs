using Microsoft.Extensions.Configuration;

namespace SymRatchet.Tool.Tunnels;

/// <summary>
/// What a configuration may say of a tunnel's channels: the options that are values, not objects such as a key or a
/// clock. What it does not say stays as it is.
/// </summary>
internal sealed class ChannelSettings
{
    public ChannelProtocol? Protocol { get; set; }

    public List<CipherSuiteId>? Suites { get; set; }

    public int? MaxRecordSize { get; set; }

    public int? PaddingBlock { get; set; }

    public long? EpochLimit { get; set; }

    public TimeSpan? HandshakeTimeout { get; set; }

    public TimeSpan? KeepAliveInterval { get; set; }

    public TimeSpan? KeepAliveTimeout { get; set; }

    public bool? HashIdsInLogs { get; set; }

    /// <summary>Of a client only.</summary>
    public bool? SendBeforeConfirm { get; set; }

    /// <summary>Reads a section.</summary>
    /// <exception cref="InvalidOperationException">A name or a value in it is wrong.</exception>
    internal static ChannelSettings Read(IConfiguration section)
    {
        ChannelSettings settings = new();
        section.Bind(settings, binder => binder.ErrorOnUnknownConfiguration = true);
        return settings;
    }

    /// <summary>Sets what was said.</summary>
    internal void ApplyTo(SecureChannelOptions options)
    {
        options.Protocol = Protocol ?? options.Protocol;
        options.Suites = Suites ?? options.Suites;
        options.MaxRecordSize = MaxRecordSize ?? options.MaxRecordSize;
        options.PaddingBlock = PaddingBlock ?? options.PaddingBlock;
        options.EpochLimit = EpochLimit ?? options.EpochLimit;
        options.HandshakeTimeout = HandshakeTimeout ?? options.HandshakeTimeout;
        options.KeepAliveInterval = KeepAliveInterval ?? options.KeepAliveInterval;
        options.KeepAliveTimeout = KeepAliveTimeout ?? options.KeepAliveTimeout;
        options.HashIdsInLogs = HashIdsInLogs ?? options.HashIdsInLogs;
        if (SendBeforeConfirm is not { } early)
            return;
        if (options is not SecureChannelClientOptions client)
            throw new InvalidOperationException($"{nameof(SendBeforeConfirm)} is an option of clients");
        client.SendBeforeConfirm = early;
    }
}
