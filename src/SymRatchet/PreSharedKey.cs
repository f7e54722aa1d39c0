using System.Diagnostics;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Keys;
using SymRatchet.Protocol1;
using SymRatchet.Seed;
using SymRatchet.Session;

namespace SymRatchet;

/// <summary>
/// Represents a pre-shared key (PSK) of a client and a server, with the names that it is bound to (docs/protocol.md,
/// 3).
/// </summary>
/// <remarks>
/// A PSK is given to both sides once; their stores hold the keys derived from it. It serves one protocol, one client id
/// and one server name. Its bytes are not exposed, and are erased when it is disposed. Immutable, and thread-safe until
/// it is disposed.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class PreSharedKey : IDisposable
{
    /// <summary>The size of a key of protocol 1, in bytes.</summary>
    public const int Size = 32;

    /// <summary>The size of a master key of <see cref="ChannelProtocol.Seed"/>, in bytes.</summary>
    public const int SeedKeySize = 16;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _secret;

    private readonly byte[] _serverName;
    private readonly Lazy<InMemoryKeyStore> _clientStore;

    private PreSharedKey(
        ChannelProtocol protocol,
        ClientId id,
        byte[] serverName,
        KeyEvolution evolution,
        ReadOnlySpan<byte> secret
    )
    {
        Protocol = protocol;
        Evolution = evolution;
        Id = id;
        _serverName = serverName;
        _secret = new SecretBytes(secret);
        _clientStore = new Lazy<InMemoryKeyStore>(ImportForClient);
    }

    /// <summary>Gets the protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>Gets the client's id.</summary>
    public ClientId Id { get; }

    /// <summary>
    /// Gets the name of the server that the key is bound to, 0 to 255 bytes, in the text form of ids.
    /// </summary>
    /// <remarks>Each listener has one name.</remarks>
    public string ServerName => KeyText.ToDisplay(_serverName);

    /// <summary>Gets whether the root key moves forward with every session.</summary>
    public KeyEvolution Evolution { get; }

    /// <summary>Generates a random key for protocol 1.</summary>
    /// <param name="clientId">The client's id, 1 to 255 bytes.</param>
    /// <param name="serverName">
    /// The server's name, at most 255 bytes, in the text form of ids; the same on both sides.
    /// </param>
    /// <param name="evolution"><see cref="KeyEvolution.None"/> only for a client without durable memory.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">
    /// The id is empty or too long, or the name is too long or not valid text.
    /// </exception>
    public static PreSharedKey Generate(
        ClientId clientId,
        string serverName = "",
        KeyEvolution evolution = KeyEvolution.Forward
    )
    {
        Span<byte> key = stackalloc byte[Size];
        try
        {
            RandomNumberGenerator.Fill(key);
            return Import(clientId, key, serverName, evolution);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Imports a key for protocol 1.</summary>
    /// <param name="clientId">The client's id, 1 to 255 bytes.</param>
    /// <param name="key">32 uniformly random bytes, not a password; copied.</param>
    /// <param name="serverName">
    /// The server's name, at most 255 bytes, in the text form of ids; the same on both sides.
    /// </param>
    /// <param name="evolution"><see cref="KeyEvolution.None"/> only for a client without durable memory.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="serverName"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The key is not 32 bytes long, the id is empty or too long, or the name is too long or not valid text.
    /// </exception>
    public static PreSharedKey Import(
        ClientId clientId,
        ReadOnlySpan<byte> key,
        string serverName = "",
        KeyEvolution evolution = KeyEvolution.Forward
    )
    {
        ArgumentNullException.ThrowIfNull(serverName);
        return Import(clientId, key, KeyText.ToOwnBytes(serverName), evolution);
    }

    /// <summary>Imports a master key for <see cref="ChannelProtocol.Seed"/>.</summary>
    /// <param name="clientId">The client's number, 1 to 255; its id in stores is its decimal digits.</param>
    /// <param name="masterKey">The master key, 16 bytes; copied.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The id is 0, or the key is not 16 bytes long.</exception>
    public static PreSharedKey ForSeed(byte clientId, ReadOnlySpan<byte> masterKey)
    {
        ArgumentOutOfRangeException.ThrowIfZero(clientId);
        if (masterKey.Length != SeedKeySize)
            throw new ArgumentException(
                $"A seed master key is {SeedKeySize} bytes long; this one is {masterKey.Length}.",
                nameof(masterKey)
            );

        return new PreSharedKey(ChannelProtocol.Seed, SeedKeys.IdOf(clientId), [], KeyEvolution.None, masterKey);
    }

    /// <summary>
    /// Reads a key from a credential file (<see cref="WriteCredentialFile"/>) that only its owner may read.
    /// </summary>
    /// <param name="path">The file; at most 4,095 bytes.</param>
    /// <returns>The key.</returns>
    /// <exception cref="IOException">
    /// The file cannot be read, is not a regular file (a symbolic link, a pipe, a device), belongs to neither this user
    /// nor root, or is accessible to others. Of these, other Unix systems than Linux check only the last, and Windows
    /// none.
    /// </exception>
    /// <exception cref="FormatException">
    /// The file is not a credential; the message names the line but not its content.
    /// </exception>
    public static PreSharedKey FromCredentialFile(string path) => CredentialFile.Read(path);

    /// <summary>Writes the key to a new file that only its owner may read.</summary>
    /// <param name="path">The file; it must not exist yet.</param>
    /// <exception cref="ArgumentException">
    /// The key is of <see cref="ChannelProtocol.Seed"/>, which has no credential files.
    /// </exception>
    /// <exception cref="IOException">The file exists already or cannot be written.</exception>
    /// <remarks>Whoever has the file can act as the client.</remarks>
    public void WriteCredentialFile(string path) => CredentialFile.Write(path, this);

    /// <summary>Writes the content of a credential file to a stream.</summary>
    /// <param name="destination">A writable stream; left open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="destination"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The key is of <see cref="ChannelProtocol.Seed"/>, which has no credential files.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    /// <remarks>Whoever reads it can act as the client.</remarks>
    public void WriteCredential(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        CredentialFile.Write(destination, this);
    }

    /// <summary>
    /// Reads the content of a credential file from a stream, such as standard input or a secret store.
    /// </summary>
    /// <param name="source">A readable stream, read to its end, at most 4,095 bytes; left open.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="FormatException">
    /// The content is not a credential; the message names the line but not its content.
    /// </exception>
    public static PreSharedKey ReadCredential(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return CredentialFile.Read(source);
    }

    /// <summary>Returns the keys that a store of one role holds, derived from this key.</summary>
    /// <param name="role">The role.</param>
    /// <param name="suites">The cipher suites that the identity may use; null for no restriction.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    /// <remarks>The caller disposes the result.</remarks>
    public StoredKey ImportFor(ChannelRole role, IReadOnlyList<CipherSuiteId>? suites = null)
    {
        if (KeyShape.Of(Protocol).IdentitySize == 0)
            return new StoredKey(Protocol, role, Id, Evolution, [], epoch: 0, _secret.Span) { Suites = suites ?? [] };

        Span<byte> keys = stackalloc byte[2 * EpochChain.KeySize];
        try
        {
            EpochChain.Import(
                _secret.Span,
                Id.Bytes,
                _serverName,
                keys[..EpochChain.KeySize],
                keys[EpochChain.KeySize..]
            );
            return new StoredKey(
                Protocol,
                role,
                Id,
                Evolution,
                keys[..EpochChain.KeySize],
                epoch: 0,
                keys[EpochChain.KeySize..]
            )
            {
                Suites = suites ?? [],
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>Erases the key.</summary>
    public void Dispose()
    {
        _secret.Dispose();
        if (_clientStore.IsValueCreated)
            _clientStore.Value.Dispose();
    }

    /// <summary>Returns the id and protocol as text, never the key.</summary>
    public override string ToString() => $"key of {Id} ({Protocol})";

    internal static PreSharedKey Import(ClientId id, ReadOnlySpan<byte> key, byte[] serverName, KeyEvolution evolution)
    {
        if (id.Length is 0 or > Limits.MaxIdLength)
            throw new ArgumentException(
                $"A client id is 1 to {Limits.MaxIdLength} bytes long; this one is {id.Length}.",
                nameof(id)
            );
        if (serverName.Length > Limits.MaxServerNameLength)
            throw new ArgumentException(
                $"A server name is at most {Limits.MaxServerNameLength} bytes long; this one is {serverName.Length}.",
                nameof(serverName)
            );
        if (key.Length != Size)
            throw new ArgumentException(
                $"A pre-shared key is {Size} random bytes; this one is {key.Length} bytes long.",
                nameof(key)
            );
        if (!Enum.IsDefined(evolution))
            throw new ArgumentException($"{evolution} is not a key evolution.", nameof(evolution));
        return new PreSharedKey(ChannelProtocol.V1, id, serverName, evolution, key);
    }

    /// <summary>The in-memory store of a client that is given this key without a store.</summary>
    internal InMemoryKeyStore ClientStore => _clientStore.Value;

    internal ReadOnlySpan<byte> ServerBytes => _serverName;

    /// <summary>The key itself, for the credential file.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal ReadOnlySpan<byte> Secret => _secret.Span;

    private InMemoryKeyStore ImportForClient()
    {
        InMemoryKeyStore store = new(ChannelRole.Client);
        store.Add(this);
        return store;
    }
}
