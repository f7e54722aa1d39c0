using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>
/// What people get wrong on the command line and in files: one clear line and an exit code, never a stack trace, never
/// a key.
/// </summary>
public sealed class BadInputTests
{
    private const string GoodKey = "000102030405060708090a0b0c0d0e0f";

    [Fact]
    public async Task A_port_in_use_is_said_so()
    {
        await using var server = await ServerProcess.StartAsync();
        SampleResult second = await SampleProcess.RunAsync("Server", "--listen", $"{server.EndPoint}");
        second.AssertFails(1, $"cannot listen on {server.EndPoint}: ");
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task A_server_that_is_not_running_is_said_so()
    {
        string nobody;
        await using (var server = await ServerProcess.StartAsync())
            nobody = $"{server.EndPoint}";
        SampleResult client = await SampleProcess.RunAsync("Client", "1", "--connect", nobody);
        client.AssertFails(1, $"cannot connect to {nobody}: ");
        Assert.Empty(client.Output);
    }

    [Fact]
    public async Task An_id_without_a_key_is_said_so()
    {
        SampleResult client = await SampleProcess.RunAsync("Client", "9", "--protocol", "seed");
        client.AssertFails(1, "client '9' is not among the demonstration keys (1, 2, 3, 4, 5)");
    }

    [Theory]
    [InlineData("9", "an id that the server does not know")]
    [InlineData("4", "a wrong key")]
    public async Task A_client_that_the_server_cannot_verify_is_refused_and_the_others_are_served(
        string id,
        string what
    )
    {
        using TemporaryFile keys = new($"{id} {GoodKey} # {what}\n");
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        SampleResult client = await server.RunClientAsync(id, "--keys", keys.Path);
        client.AssertFails(1, "0 of 3 rounds were answered: ");
        await server.Process.WaitForErrorAsync("Authentication");
        await server.AssertServesAsync();
        Assert.DoesNotContain(
            GoodKey,
            server.Process.Everything + string.Concat(client.Error),
            StringComparison.OrdinalIgnoreCase
        );
        Assert.DoesNotContain("master_k", server.Process.Everything, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", ": there is no client in it")]
    [InlineData("# only a comment\n\n", ": there is no client in it")]
    [InlineData("1\n", ":1: there is an id but no key")]
    [InlineData(
        "1 00010203\n",
        ":1: the key of client 1 has 8 digits; for seed it must be 32 hexadecimal digits (16 bytes)"
    )]
    [InlineData("1 00010203zz05060708090a0b0c0d0e0f\n", ":1: the key of client 1 is not hexadecimal")]
    [InlineData("0 000102030405060708090a0b0c0d0e0f\n", ":1: the id of a seed client is a number from 1 to 255")]
    [InlineData("256 000102030405060708090a0b0c0d0e0f\n", ":1: the id of a seed client is a number from 1 to 255")]
    [InlineData("000102030405060708090a0b0c0d0e0f 1\n", ":1: the id of a seed client is a number from 1 to 255")]
    [InlineData(
        "# one\n1 000102030405060708090a0b0c0d0e0f\n1 101112131415161718191a1b1c1d1e1f\n",
        ":3: client 1 is there already"
    )]
    [InlineData("1 000102030405060708090a0b0c0d0e0f 0\n", ":1: the weight is not a positive number")]
    [InlineData("1 000102030405060708090a0b0c0d0e0f NaN\n", ":1: the weight is not a positive number")]
    [InlineData("1 000102030405060708090a0b0c0d0e0f 1 2\n", ":1: there are more than three words")]
    public async Task A_malformed_keys_file_is_named_with_its_line_and_never_repeated(string text, string expected)
    {
        using TemporaryFile keys = new(text);
        foreach (
            SampleResult result in await Task.WhenAll(
                SampleProcess.RunAsync("Server", "--protocol", "seed", "--listen", "127.0.0.1:0", "--keys", keys.Path),
                SampleProcess.RunAsync("Client", "1", "--protocol", "seed", "--keys", keys.Path)
            )
        )
        {
            result.AssertFails(1, keys.Path + expected);
            Assert.Empty(result.Output);
            Assert.DoesNotContain("0010203", result.Error[0], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", null, ": it needs a line of column names and a line of values")]
    [InlineData("a,b\n", null, ": it needs a line of column names and a line of values")]
    [InlineData("a,b\nx,y\n", null, ":2: there is no number in this row")]
    [InlineData("a,b\n1,2\n", "c", ": there is no column 'c'; there are a, b")]
    [InlineData("a,b\n1,2\n3\n", "b", ":3: there is no number in column 'b'")]
    [InlineData("a,b\n1,2\n\n3,four\n", "b", ":4: there is no number in column 'b'")]
    [InlineData("a\n1\nNaN\n", "a", ":3: there is no number in column 'a'")]
    public async Task A_malformed_data_file_is_named_with_its_line(string text, string? column, string expected)
    {
        using TemporaryFile data = new(text);
        string[] args = ["1", "--data", data.Path, .. column is null ? Array.Empty<string>() : ["--column", column]];
        (await SampleProcess.RunAsync("Client", args)).AssertFails(1, data.Path + expected);
    }

    [Fact]
    public async Task A_number_that_the_server_would_refuse_is_not_even_sent()
    {
        using TemporaryFile data = new("a\n1\n1e300\n");
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        (await server.RunClientAsync("1", "--data", data.Path)).AssertFails(1, "too large");
        await server.AssertServesAsync();
    }

    [Theory]
    [InlineData("--keys")]
    [InlineData("--data")]
    public async Task A_file_that_is_not_there_is_said_so(string option)
    {
        SampleResult client = await SampleProcess.RunAsync("Client", "1", option, "/no/such/file");
        client.AssertFails(1, "cannot read the ");
    }

    [Theory]
    [InlineData("Client")]
    [InlineData("Client", "1", "2")]
    [InlineData("Client", "1", "--rounds", "0")]
    [InlineData("Client", "1", "--rounds", "many")]
    [InlineData("Client", "1", "--interval", "-1")]
    [InlineData("Client", "1", "--connect", "localhost")]
    [InlineData("Client", "1", "--connect", "::1:9999")]
    [InlineData("Client", "1", "--connect", "127.0.0.1:65536")]
    [InlineData("Client", "1", "--connect", ":1")]
    [InlineData("Client", "1", "--protocol", "v0")]
    [InlineData("Server", "--aggregate", "average")]
    [InlineData("Server", "--close", "never")]
    [InlineData("Server", "--time-limit", "0")]
    [InlineData("Server", "--no-such-option")]
    public async Task A_wrong_command_line_is_one_line_and_its_own_exit_code(string sample, params string[] args) =>
        (await SampleProcess.RunAsync(sample, args)).AssertFails(2, "(try --help)");
}
