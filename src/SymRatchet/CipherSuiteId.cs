namespace SymRatchet;

/// <summary>
/// The cipher suites of protocol 1. The number is what travels in a handshake. Protocol 1, section 2.1.
/// </summary>
public enum CipherSuiteId
{
    /// <summary>None: the protocol has one cipher of its own, and both sides agree on nothing.</summary>
    None = 0,

    /// <summary>
    /// AEGIS-256 with 32-byte tags, and its own step function: the default, and the fastest on a processor with AES
    /// instructions. From libsodium.
    /// </summary>
    Aegis256 = 1,

    /// <summary>
    /// AES-256-GCM (NIST SP 800-38D) with the platform's cipher, for those who must use it; with the AppContext switch
    /// <c>SymRatchet.PlatformCryptographyOnly</c> everything is the platform's. It allocates for each message.
    /// </summary>
    Aes256Gcm = 2,

    /// <summary>
    /// ChaCha20-Poly1305 (RFC 8439), for processors without AES instructions. From libsodium, large records from the
    /// platform.
    /// </summary>
    ChaCha20Poly1305 = 3,
}
