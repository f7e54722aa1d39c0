using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples;

/// <summary>The keys and weights of the clients that a sample knows. Disposing it erases the keys.</summary>
public sealed class ClientKeys : IDisposable
{
    private const int DemoClients = 5;

    private readonly Dictionary<ClientId, (PreSharedKey Key, double Weight)> _clients = [];

    public ClientKeys(string source) => Source = source;

    /// <summary>Where the keys are from, in words.</summary>
    public string Source { get; }

    public IReadOnlyCollection<ClientId> Ids => _clients.Keys;

    /// <summary>The keys of a file, or those of the demonstration where no file is given.</summary>
    public static ClientKeys Load(string? path, ChannelProtocol protocol) =>
        path is null ? Demonstration(protocol) : KeysFile.Read(path, protocol);

    /// <summary>
    /// Known to everybody: clients 1 to 5, with <c>clientN_master_k</c> as the key of client N for seed, as in the
    /// original system, and the SHA-256 of that text for protocol 1.
    /// </summary>
    public static ClientKeys Demonstration(ChannelProtocol protocol)
    {
        ClientKeys keys = new("the demonstration keys");
        for (byte client = 1; client <= DemoClients; client++)
        {
            string id = client.ToString(CultureInfo.InvariantCulture);
            byte[] text = Encoding.ASCII.GetBytes($"client{id}_master_k");
            keys.Add(
                id,
                protocol == ChannelProtocol.Seed
                    ? PreSharedKey.ForSeed(client, text)
                    : PreSharedKey.Import(id, SHA256.HashData(text)),
                1
            );
        }

        return keys;
    }

    /// <summary>Takes over a key.</summary>
    /// <returns>False where the id is there already; the key is then still the caller's.</returns>
    public bool Add(ClientId id, PreSharedKey key, double weight) => _clients.TryAdd(id, (key, weight));

    public bool TryFind(ClientId id, [NotNullWhen(true)] out PreSharedKey? key)
    {
        bool found = _clients.TryGetValue(id, out (PreSharedKey Key, double Weight) client);
        key = client.Key;
        return found;
    }

    /// <summary>The weight of a client; 1 where it has no line here.</summary>
    public double WeightOf(ClientId id) =>
        _clients.TryGetValue(id, out (PreSharedKey Key, double Weight) client) ? client.Weight : 1;

    /// <summary>A store for a server.</summary>
    public InMemoryKeyStore ToServerStore()
    {
        InMemoryKeyStore store = new(ChannelRole.Server);
        foreach ((PreSharedKey key, _) in _clients.Values)
            store.Add(key);
        return store;
    }

    public void Dispose()
    {
        foreach ((PreSharedKey key, _) in _clients.Values)
            key.Dispose();
    }
}
