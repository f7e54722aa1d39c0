using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.PostgreSql;

namespace SymRatchet.Tool.Tests;

/// <summary>What <c>store check</c> prints of a database in which one row is odd.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class PostgresCheckTests(PostgresServer server)
{
    private const string Odd = "device 2";

    private readonly PostgresStores _stores = new(server);

    [SkippableTheory]
    [InlineData("epoch_key = NULL")]
    [InlineData("identity_key = NULL")]
    [InlineData("protocol = 99")]
    [InlineData("evolution = -1")]
    [InlineData("epoch = -1")]
    [InlineData("epoch_key = '\\x00'")]
    [InlineData("next_serial = 7")]
    [InlineData("suites = -1")]
    [InlineData("added = 9223372036854775807")]
    [InlineData("last_seen = -9223372036854775808")]
    [InlineData("epoch_key = NULL, identity_key = NULL, revoked = 9223372036854775807")]
    [InlineData("epoch_key = NULL, identity_key = NULL, revoked = 1, epoch = -1")]
    public async Task A_check_prints_the_problem_of_an_odd_row_and_counts_all_rows(string oddity)
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        foreach (string name in (string[])["device 1", Odd, "device 3"])
            await store.AddAsync(TestKeys.Shared(name));
        string schema = _stores.SchemaOf(ChannelRole.Server);
        await server.ExecuteAsync($"UPDATE {schema}.keys SET {oddity} WHERE id = '{Odd}'");
        string problem = Assert.Single(await store.CheckAsync());

        ToolRun run = await ToolRun.RunAsync(
            "store",
            "check",
            "--postgres",
            server.ConnectionString,
            "--schema",
            schema
        );

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("clients: 3", run.Output, StringComparison.Ordinal);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }
}
