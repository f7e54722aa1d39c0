using System.Globalization;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.Crash;

/// <summary>
/// A server and a client as processes of their own, each with its store file, make one session after the other and are
/// killed in turn: at any instant, right before an advance, or between the durable advance and what is sent after it.
/// SYMRATCHET_CRASH_KILLS sets how often; 50 by default.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string Name = "device 1";

    private static readonly int Kills = int.TryParse(
        Environment.GetEnvironmentVariable("SYMRATCHET_CRASH_KILLS"),
        CultureInfo.InvariantCulture,
        out int kills
    )
        ? kills
        : 50;

    [Fact]
    [Requirement("R3-12", "R3-13")]
    public async Task Killed_at_any_instant_nobody_is_locked_out_and_no_key_comes_back()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"{Kills} kills, seed {seed}");
        Random random = new(seed);
        await using StoreFolder folder = new();
        await ProvisionAsync(folder);
        KilledStore serverStore = new(folder.FileOf(ChannelRole.Server), ChannelRole.Server, Name);
        KilledStore clientStore = new(folder.FileOf(ChannelRole.Client), ChannelRole.Client, Name);
        string socket = Path.Combine(folder.Path, "socket");
        CrashingProcess server = await StartServerAsync(folder, socket);
        CrashingProcess client = StartClient(folder, socket);
        try
        {
            await client.WaitForAsync("session");
            for (int kill = 0; kill < Kills; kill++)
            {
                bool isServer = random.Next(2) == 0;

                // Long enough now and then that what is found afterwards is not for having been read.
                if (random.Next(4) == 0)
                    await Task.Delay(1200);
                CrashingProcess victim = isServer ? server : client;
                switch (random.Next(3))
                {
                    case 0:
                        await Task.Delay(random.Next(30)); // not to wait for anything, but to hit any instant
                        victim.Kill();
                        break;
                    case 1:
                        await victim.ArmAsync($"before {random.Next(1, 4)}");
                        break;
                    default:
                        await victim.ArmAsync($"after {random.Next(1, 4)}");
                        break;
                }

                await victim.WaitForExitAsync();
                int sessions = isServer ? client.GetCount("session") : 0;
                await (isServer ? serverStore : clientStore).InspectAsync();
                long gap = await clientStore.EpochAsync() - await serverStore.EpochAsync();
                Assert.InRange(gap, 0, 1);

                await victim.DisposeAsync();
                AssertCalm(victim);
                if (isServer)
                    server = await StartServerAsync(folder, socket);
                else
                    client = StartClient(folder, socket);
                await client.WaitForAsync("session", after: sessions);
            }
        }
        finally
        {
            await server.DisposeAsync();
            await client.DisposeAsync();
        }

        AssertCalm(server);
        AssertCalm(client);
        await serverStore.InspectAsync();
        await clientStore.InspectAsync();
        output.WriteLine($"{await clientStore.EpochAsync()} sessions");
    }

    private static async Task ProvisionAsync(StoreFolder folder)
    {
        await using SqliteKeyStore server = folder.Open(ChannelRole.Server);
        await using SqliteKeyStore client = folder.Open(ChannelRole.Client);
        await server.AddAsync(TestKeys.Shared(Name));
        await client.AddAsync(TestKeys.Shared(Name));
    }

    private static async Task<CrashingProcess> StartServerAsync(StoreFolder folder, string socket)
    {
        File.Delete(socket);
        var server = CrashingProcess.Start("server", folder.FileOf(ChannelRole.Server), socket);
        await server.WaitForAsync("listening");
        return server;
    }

    private static CrashingProcess StartClient(StoreFolder folder, string socket) =>
        CrashingProcess.Start("client", folder.FileOf(ChannelRole.Client), socket, Name);

    // Only a peer that was killed may make a handshake fail, and no store was restored from a backup.
    private static void AssertCalm(CrashingProcess process)
    {
        string complaints = string.Join(
            '\n',
            process.Lines.Where(line =>
                !line.StartsWith("session", StringComparison.Ordinal)
                && !line.StartsWith("listening", StringComparison.Ordinal)
            )
        );
        Assert.True(complaints.Length == 0, complaints);
    }
}
