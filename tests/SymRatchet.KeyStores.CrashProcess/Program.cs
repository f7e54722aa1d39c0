using System.Net.Sockets;
using Npgsql;
using SymRatchet;
using SymRatchet.KeyStores.CrashProcess;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

// server FILE SOCKET | client FILE SOCKET ID | client-file KEYFILE SOCKET ID | server-pg DATABASE SOCKET SCHEMA: one
// end of the tests with several processes. Lines on standard input arm its store; when that ends, so does the process.
// memory FILE | memory-late FILE: KeysInMemory.
if (args[0].StartsWith("memory", StringComparison.Ordinal))
{
    await KeysInMemory.RunAsync(args[1], isLate: args[0] == "memory-late");
    return 0;
}

using AlarmLog log = new();
UnixDomainSocketEndPoint socket = new(args[2]);
using NpgsqlDataSource? source = args[0] == "server-pg" ? NpgsqlDataSource.Create(args[1]) : null;
HaltingKeyStore store = new(
    args[0] switch
    {
        "server-pg" => await PostgreSqlKeyStore.OpenAsync(
            source!,
            ChannelRole.Server,
            new PostgreSqlKeyStoreOptions { Schema = args[3] }
        ),
        "client-file" => await KeyFile.OpenAsync(args[1]),
        _ => SqliteKeyStore.Open(
            args[1],
            args[0] == "client" ? ChannelRole.Client : ChannelRole.Server,
            new SqliteKeyStoreOptions { CreateIfMissing = false }
        ),
    }
);
Task working = args[0] is "client" or "client-file"
    ? new EchoClient(
        new SecureChannelClientOptions
        {
            Keys = store,
            ClientId = args[3],
            LoggerFactory = log,
        }
    ).RunAsync(socket)
    : new EchoServer(new SecureChannelServerOptions { Keys = store, LoggerFactory = log }).RunAsync(socket);
while (await Console.In.ReadLineAsync() is { } order)
    store.Arm(order);
return working.IsFaulted ? 1 : 0;
