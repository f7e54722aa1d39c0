namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>
/// A client that has the right keys and does what no honest client does; the attacker's own, made from the protocol's
/// description. It is on a connection of its own.
/// </summary>
internal abstract class Insider(FrameStream connection) : IAsyncDisposable
{
    internal const byte HelloOpcode = 10;
    internal const byte ChallengeOpcode = 20;
    internal const byte ConfirmOpcode = 22;

    internal static Insider Of(ChannelProtocol protocol, StoredKey key, FrameStream connection) =>
        protocol == ChannelProtocol.Seed ? new SeedInsider(key, connection) : new V1Insider(key, connection);

    internal FrameStream Connection => connection;

    /// <summary>The number of the next message to the server.</summary>
    internal ulong Round { get; private protected set; }

    /// <summary>
    /// Goes through the handshake as far as the server has something to say before the client's last word.
    /// </summary>
    internal abstract Task GreetAsync(CancellationToken cancellationToken);

    /// <summary>Says the last word of the handshake, where there is one.</summary>
    internal abstract Task ConfirmAsync(CancellationToken cancellationToken);

    /// <summary>Seals a message with the keys that are next, and moves them on.</summary>
    internal abstract byte[] Seal(byte opcode, ulong round, string payload);

    /// <summary>Seals the next message as one that only a server sends.</summary>
    internal abstract byte[] SealAsServer(string payload);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private protected async Task<byte[]> HearAsync(CancellationToken cancellationToken) =>
        await connection.ReadAsync(cancellationToken)
        ?? throw new SampleException("the server did not answer a right message of the handshake");
}
