using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The scale that the seed system was built for: every id that fits, at once.</summary>
public sealed class ManyClientsTests
{
    private const int Clients = 200;
    private const int Rounds = 5;

    [Theory]
    [InlineData("v1", PreSharedKey.Size)]
    [InlineData("seed", PreSharedKey.SeedKeySize)]
    public async Task Two_hundred_clients_at_once_do_five_rounds_each_and_none_is_lost_or_counted_twice(
        string protocol,
        int keySize
    )
    {
        Dictionary<byte, byte[]> secrets = Enumerable
            .Range(1, Clients + 3)
            .ToDictionary(id => (byte)id, _ => RandomNumberGenerator.GetBytes(keySize));
        using TemporaryFile keys = new(
            string.Concat(secrets.Select(client => $"{client.Key} {Convert.ToHexString(client.Value)}\n"))
        );
        using TemporaryFile zeros = new("nothing\n0\n0\n0\n0\n0\n");
        await using var server = await ServerProcess.StartAsync(
            "--protocol",
            protocol,
            "--keys",
            keys.Path,
            "--aggregate",
            "sum"
        );

        // Real client processes beside them add nothing to the sum.
        Task<SampleResult[]> processes = Task.WhenAll(
            Enumerable
                .Range(Clients + 1, 3)
                .Select(id =>
                    server.RunClientAsync(
                        id.ToString(CultureInfo.InvariantCulture),
                        "--keys",
                        keys.Path,
                        "--data",
                        zeros.Path,
                        "--rounds",
                        $"{Rounds}",
                        "--interval",
                        "20"
                    )
                )
        );

        FieldVisit[] visits = await Task.WhenAll(
            Enumerable
                .Range(1, Clients)
                .Select(async id =>
                {
                    byte[] secret = secrets[(byte)id];
                    using PreSharedKey key =
                        protocol == "seed"
                            ? PreSharedKey.ForSeed((byte)id, secret)
                            : PreSharedKey.Import(id.ToString(CultureInfo.InvariantCulture), secret);
                    return await FieldVisit.ConnectAsync(server, key);
                })
        );

        // Everybody sends a one, and is answered at once: the sums of a round are 1 to 200, each of them once, in
        // whatever order.
        string[] everySum =
        [
            .. Enumerable.Range(1, Clients).Select(sum => $"Aggregated: {sum}.00").Order(StringComparer.Ordinal),
        ];
        for (int round = 1; round <= Rounds; round++)
        {
            string?[] answers = await Task.WhenAll(visits.Select(visit => visit.RoundAsync("1")));
            Assert.Equal(everySum, answers.Order(StringComparer.Ordinal));
        }

        foreach (FieldVisit visit in visits)
        {
            await visit.Channel.CloseAsync();
            await visit.DisposeAsync();
        }

        foreach (SampleResult client in await processes)
        {
            client.AssertSucceeds();
            Assert.Equal(Rounds, client.Output.Length);
        }

        string written = server.Process.Everything;
        Assert.DoesNotContain("terminated", written, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", written, StringComparison.Ordinal);
        Assert.All(
            secrets.Values,
            secret => Assert.DoesNotContain(Convert.ToHexString(secret), written, StringComparison.OrdinalIgnoreCase)
        );
    }
}
