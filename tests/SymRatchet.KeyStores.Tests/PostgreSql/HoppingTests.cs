using System.Globalization;
using System.Net.Sockets;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Crash;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// Two server processes on one database, and fifty clients that take now the one, now the other, and at times both at
/// once. SYMRATCHET_HOPPING_SESSIONS sets how many sessions; 1,000 by default.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class HoppingTests(PostgresServer server, ITestOutputHelper output)
{
    private const int Clients = 50;

    private static readonly int Sessions = int.TryParse(
        Environment.GetEnvironmentVariable("SYMRATCHET_HOPPING_SESSIONS"),
        CultureInfo.InvariantCulture,
        out int sessions
    )
        ? sessions
        : 1000;

    [SkippableFact]
    public async Task No_handshake_fails_and_all_epochs_agree()
    {
        PostgresStores stores = new(server);
        PostgreSqlKeyStore store = await stores.OpenAsync();
        InMemoryKeyStore clients = new(ChannelRole.Client);
        string[] names = [.. Enumerable.Range(0, Clients).Select(i => $"device {i}")];
        foreach (string name in names)
        {
            clients.Add(TestKeys.Shared(name));
            await store.AddAsync(TestKeys.Shared(name));
        }

        string folder = Directory.CreateTempSubdirectory("symratchet-hop-").FullName;
        string[] sockets = [Path.Combine(folder, "one"), Path.Combine(folder, "two")];
        CrashingProcess[] servers =
        [
            .. sockets.Select(socket =>
                CrashingProcess.Start("server-pg", server.ConnectionString, socket, stores.SchemaOf(ChannelRole.Server))
            ),
        ];
        try
        {
            foreach (CrashingProcess process in servers)
                await process.WaitForAsync("listening");
            long started = System.Diagnostics.Stopwatch.GetTimestamp();
            int failed = (
                await Task.WhenAll(names.Select((name, i) => HopAsync(clients, name, sockets, new Random(i))))
            ).Sum();
            output.WriteLine(
                $"{Sessions} sessions in {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"
            );
            string complaints = string.Join(
                '\n',
                servers
                    .SelectMany(process => process.Lines)
                    .Where(line => !line.StartsWith("listening", StringComparison.Ordinal))
            );
            Assert.True(complaints.Length == 0, complaints);
            Assert.Equal(0, failed);
            foreach (string name in names)
            {
                Assert.Equal(await clients.EpochAsync(name), await store.EpochAsync(name));
                Assert.InRange((await store.EpochAsync(name))!.Value, Sessions / Clients / 2, Sessions / Clients);
            }
        }
        finally
        {
            foreach (CrashingProcess process in servers)
                await process.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> HopAsync(IKeyStore clients, string name, string[] sockets, Random random)
    {
        int failed = 0;
        for (int session = 0; session < Sessions / Clients; )
        {
            int first = random.Next(2);
            bool both = session + 1 < Sessions / Clients && random.Next(5) == 0;
            Task<bool>[] exchanges = both
                ? [ExchangeAsync(clients, name, sockets[first]), ExchangeAsync(clients, name, sockets[1 - first])]
                : [ExchangeAsync(clients, name, sockets[first])];
            failed += (await Task.WhenAll(exchanges)).Count(succeeded => !succeeded);
            session += both ? 2 : 1;
        }

        return failed;
    }

    private static async Task<bool> ExchangeAsync(IKeyStore clients, string name, string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        try
        {
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(
                new NetworkStream(socket, ownsSocket: true),
                new SecureChannelClientOptions { Keys = clients, ClientId = name }
            );
            await channel.SendAsync(new byte[] { 42 });
            Assert.Equal([42], (await ChannelPair.ReceiveAsync(channel))!);
            await channel.CloseAsync();
            return true;
        }
        catch (SecureChannelException)
        {
            return false; // the servers' output says why
        }
    }
}
