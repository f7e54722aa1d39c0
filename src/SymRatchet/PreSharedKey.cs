using System.Diagnostics;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Keys;
using SymRatchet.Protocol1;
using SymRatchet.Seed;
using SymRatchet.Session;

namespace SymRatchet;

/// <summary>
/// The secret that a client and a server share, with what it is bound to. It erases its bytes when disposed and shows
/// them to nobody. Immutable, and safe for several threads until it is disposed.
/// </summary>
/// <remarks>
/// This is what is carried to both sides once; a store then holds what it becomes (protocol 1, "Provisioning"). A key
/// serves one protocol, one client id and one server name.
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

    /// <summary>The one protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>The client's id as it stands in a store.</summary>
    public ClientId Id { get; }

    /// <summary>
    /// The name of the server that the key is bound to, 0 to 255 bytes, in the text form of ids. One name for each
    /// listener.
    /// </summary>
    public string ServerName => KeyText.ToDisplay(_serverName);

    /// <summary>Whether the root key moves forward with every session.</summary>
    public KeyEvolution Evolution { get; }

    /// <summary>Makes a new random key for protocol 1.</summary>
    /// <param name="clientId">The client's id, 1 to 255 bytes.</param>
    /// <param name="serverName">
    /// The server's name, at most 255 bytes, written as an id is; the same on both sides.
    /// </param>
    /// <param name="evolution">Leave it at forward unless the client has no durable memory.</param>
    /// <exception cref="ArgumentException">The id or the name is too long, empty, or no valid text.</exception>
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

    /// <summary>Takes over a key for protocol 1.</summary>
    /// <param name="clientId">The client's id, 1 to 255 bytes.</param>
    /// <param name="key">32 uniformly random bytes, never a password; copied.</param>
    /// <param name="serverName">
    /// The server's name, at most 255 bytes, written as an id is; the same on both sides.
    /// </param>
    /// <param name="evolution">Leave it at forward unless the client has no durable memory.</param>
    /// <exception cref="ArgumentException">
    /// The key is not 32 bytes long, or the id or the name is too long, empty, or no valid text.
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

    /// <summary>A key for <see cref="ChannelProtocol.Seed"/>.</summary>
    /// <param name="clientId">1 to 255. In stores it is its decimal digits.</param>
    /// <param name="masterKey">16 bytes, copied.</param>
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
    /// Reads the key from a credential file that only its owner may read; see <see cref="WriteCredentialFile"/>.
    /// </summary>
    /// <param name="path">The file; at most 4,095 bytes.</param>
    /// <exception cref="IOException">
    /// The file cannot be read, is not a regular file (a symbolic link, a pipe, a device), belongs to another user than
    /// this one or root, or others may use it. Systems other than Linux check the last of these only, and Windows none.
    /// </exception>
    /// <exception cref="FormatException">
    /// The file is not a credential; the message names the line and never its content.
    /// </exception>
    public static PreSharedKey FromCredentialFile(string path) => CredentialFile.Read(path);

    /// <summary>
    /// Writes the key to a new file that only its owner may read. Whoever has the file can speak as the client.
    /// </summary>
    /// <param name="path">The file; it must not exist yet.</param>
    /// <exception cref="ArgumentException">
    /// The key is of <see cref="ChannelProtocol.Seed"/>, which no credential carries.
    /// </exception>
    /// <exception cref="IOException">The file exists already or cannot be written.</exception>
    public void WriteCredentialFile(string path) => CredentialFile.Write(path, this);

    /// <summary>
    /// Writes what <see cref="WriteCredentialFile"/> writes, for a destination that is no file. Whoever reads it can
    /// speak as the client.
    /// </summary>
    /// <param name="destination">A stream that can be written; left open.</param>
    /// <exception cref="ArgumentException">
    /// The key is of <see cref="ChannelProtocol.Seed"/>, which no credential carries.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void WriteCredential(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        CredentialFile.Write(destination, this);
    }

    /// <summary>
    /// Reads what <see cref="WriteCredential"/> has written, from a source that is not a file: standard input, a secret
    /// store.
    /// </summary>
    /// <param name="source">A stream that can be read; read to its end, at most 4,095 bytes, and left open.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="FormatException">
    /// What it holds is not a credential; the message names the line and never its content.
    /// </exception>
    public static PreSharedKey ReadCredential(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return CredentialFile.Read(source);
    }

    /// <summary>What a store holds once the key is imported for one role. The caller owns and disposes it.</summary>
    /// <param name="role">The role.</param>
    /// <param name="suites">The cipher suites that the identity may use; null for no restriction.</param>
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

    /// <summary>The id and protocol; never the key.</summary>
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
            throw new ArgumentException($"{evolution} is no key evolution.", nameof(evolution));
        return new PreSharedKey(ChannelProtocol.V1, id, serverName, evolution, key);
    }

    /// <summary>Where a client that has this key and no store remembers its epochs.</summary>
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
