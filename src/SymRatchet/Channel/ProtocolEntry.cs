using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Seed;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// The entry points of a protocol. Only this type refers to the protocols; everything after it drives a
/// <see cref="HandshakeState"/>.
/// </summary>
/// <param name="Connect">Starts a client's handshake.</param>
/// <param name="Accept">Starts a server's handshake.</param>
/// <param name="SupportsPing">Whether the protocol has a PING.</param>
/// <param name="HasSuites">Whether both sides agree on a cipher suite.</param>
internal sealed record ProtocolEntry(
    Func<SecureChannelClientOptions, HandshakeState> Connect,
    Func<SecureChannelServerOptions, HandshakeState> Accept,
    bool SupportsPing,
    bool HasSuites
)
{
    private static readonly ProtocolEntry V1 = new(
        options => ClientHandshake.Start(options.Id, options.ToSettings(options.SendBeforeConfirm)),
        options => ServerHandshake.Start(options.ToSettings(sendBeforeConfirm: false)),
        SupportsPing: true,
        HasSuites: true
    );

    private static readonly ProtocolEntry Seed = new(
        options => SeedClientHandshake.Start(options.Id, options.MaxRecordSize, RandomSource.System),
        options => SeedServerHandshake.Start(options.MaxRecordSize, RandomSource.System, options.TimeProvider),
        SupportsPing: false,
        HasSuites: false
    );

    internal static ProtocolEntry Of(ChannelProtocol protocol) => protocol == ChannelProtocol.Seed ? Seed : V1;
}
