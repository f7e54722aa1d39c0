namespace SymRatchet;

/// <summary>Specifies a cipher suite of protocol 1 (docs/protocol.md, 2.1).</summary>
/// <remarks>The number is the one in the handshake.</remarks>
public enum CipherSuiteId
{
    /// <summary>No suite, for <see cref="ChannelProtocol.Seed"/>, which has one fixed cipher.</summary>
    None = 0,

    /// <summary>
    /// AEGIS-256 with 32-byte tags and its own step function, from libsodium: the default, and the fastest on
    /// processors with AES instructions.
    /// </summary>
    Aegis256 = 1,

    /// <summary>
    /// AES-256-GCM (NIST SP 800-38D) from the platform, for those who must use it. With the AppContext switch
    /// <c>SymRatchet.PlatformCryptographyOnly</c> all cryptography is the platform's. It allocates for each message.
    /// </summary>
    Aes256Gcm = 2,

    /// <summary>
    /// ChaCha20-Poly1305 (RFC 8439), for processors without AES instructions. From libsodium, large records from the
    /// platform.
    /// </summary>
    ChaCha20Poly1305 = 3,
}
