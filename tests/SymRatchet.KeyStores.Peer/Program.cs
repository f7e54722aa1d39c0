using System.Net.Sockets;
using SymRatchet;
using SymRatchet.KeyStores.Peer;
using SymRatchet.KeyStores.Sqlite;

// server|client STORE SOCKET [CLIENT]: one end of the crash test. Lines on standard input arm its store; when that ends, so does the process.
ChannelRole role = args[0] == "server" ? ChannelRole.Server : ChannelRole.Client;
await using SqliteKeyStore file = SqliteKeyStore.Open(args[1], role, new SqliteKeyStoreOptions { MustExist = true });
HaltingKeyStore store = new(file);
UnixDomainSocketEndPoint socket = new(args[2]);
using AlarmLog log = new();
Task working = role == ChannelRole.Server
    ? new EchoServer(new SecureChannelServerOptions { Keys = store, LoggerFactory = log }).RunAsync(socket)
    : new EchoClient(new SecureChannelClientOptions { Keys = store, ClientId = args[3], LoggerFactory = log }).RunAsync(socket);
while (await Console.In.ReadLineAsync() is { } order)
    store.Arm(order);
return working.IsFaulted ? 1 : 0;
