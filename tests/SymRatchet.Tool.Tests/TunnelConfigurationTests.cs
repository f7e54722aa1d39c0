using System.Reflection;
using Microsoft.Extensions.Configuration;
using SymRatchet.TestKit;
using SymRatchet.Tool.Tunnels;

namespace SymRatchet.Tool.Tests;

/// <summary>What a tunnel's configuration says of its channels arrives there, and nothing else may be said.</summary>
public sealed class TunnelConfigurationTests
{
    private const string Client = "Clients:0:";
    private const string Server = "Servers:0:";

    // For each option a value that is not its default, as text and as what it means.
    private static readonly (string Name, string Text, object Value)[] Options =
    [
        ("MaxRecordSize", "4096", 4096),
        ("PaddingBlock", "64", 64),
        ("EpochLimit", "12345", 12345L),
        ("HandshakeTimeout", "7s", TimeSpan.FromSeconds(7)),
        ("KeepAliveInterval", "1500ms", TimeSpan.FromSeconds(1.5)),
        ("KeepAliveTimeout", "00:00:09", TimeSpan.FromSeconds(9)),
        ("HashIdsInLogs", "true", true),
        ("SendBeforeConfirm", "true", true),
    ];

    public static TheoryData<string> Names => [.. Options.Select(option => option.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_option_of_the_channel_arrives_alone(string name)
    {
        foreach ((string other, _, object value) in Options)
        {
            SecureChannelClientOptions read = Read(name);
            object? found = typeof(SecureChannelClientOptions).GetProperty(other)!.GetValue(read);
            Assert.Equal(other == name, value.Equals(found));
        }
    }

    [Fact]
    public void Suites_are_those_that_were_said_in_their_order()
    {
        SecureChannelClientOptions read = Read(
            (Client + "Channel:Suites:0", "ChaCha20Poly1305"),
            (Client + "Channel:Suites:1", "Aes256Gcm")
        );
        Assert.Equal([CipherSuiteId.ChaCha20Poly1305, CipherSuiteId.Aes256Gcm], read.Suites);
    }

    [Fact]
    public void What_the_guide_shows_is_a_configuration()
    {
        string guide = File.ReadAllText(Repository.PathOf("docs", "tunnel.md"));
        string shown = guide.Split("```json\n")[1].Split("```")[0];
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, shown);
            TunnelSettings settings = TunnelConfiguration.ReadFile(file);
            Assert.Equal(64, Assert.Single(settings.Servers).Options.Channel.PaddingBlock);
            Assert.Equal("plcs", Assert.Single(settings.ReverseServers).Options.Name);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_option_that_is_a_value_can_be_said()
    {
        // The tunnel itself owns the streams, the clock and the log; the key has a name of its own.
        string[] own =
        [
            nameof(SecureChannelOptions.LeaveOpen),
            nameof(SecureChannelOptions.TimeProvider),
            nameof(SecureChannelOptions.LoggerFactory),
            nameof(SecureChannelClientOptions.Key),
            nameof(SecureChannelClientOptions.Keys),
            nameof(SecureChannelClientOptions.ClientId),
        ];
        IEnumerable<string> options = typeof(SecureChannelClientOptions)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite)
            .Select(property => property.Name);
        Assert.Equal(
            options.Except(own).Order(),
            Options
                .Select(option => option.Name)
                .Concat([nameof(SecureChannelOptions.Suites), nameof(SecureChannelOptions.Protocol)])
                .Order()
        );
    }

    [Theory]
    [InlineData(Client + "Channel:PaddingBlok", "64", "PaddingBlok")]
    [InlineData(Client + "Channel:LeaveOpen", "true", "LeaveOpen")]
    [InlineData(Client + "Channel:PaddingBlock", "many", "PaddingBlock")]
    [InlineData(Client + "Listn", "127.0.0.1:1", "Listn")]
    [InlineData(Server + "Channel:SendBeforeConfirm", "true", "SendBeforeConfirm is an option of clients")]
    [InlineData(Server + "Channel:HandshakeTimeout", "10", "a time is 500ms")]
    [InlineData(Client + "Channel:Protocol", "seed", "Protocol Seed has no ping")]
    public void What_there_is_not_is_an_error_that_names_it(string name, string value, string named)
    {
        var failure = Assert.Throws<ToolException>(() => Settings((name, value)));
        Assert.Contains(named, failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static SecureChannelClientOptions Read(string name) =>
        Read((Client + "Channel:" + name, Options.Single(option => option.Name == name).Text));

    private static SecureChannelClientOptions Read(params (string Name, string Value)[] said) =>
        Assert.Single(Settings(said).Clients).Options.Channel;

    private static TunnelSettings Settings(params (string Name, string Value)[] said)
    {
        (string Name, string Value)[] needed =
        [
            (Client + "Listen", "127.0.0.1:9001"),
            (Client + "Connect", "127.0.0.1:9002"),
            (Client + "Key", "key"),
            (Server + "Listen", "127.0.0.1:9003"),
            (Server + "Forward", "127.0.0.1:9004"),
            (Server + "Store", "store"),
        ];
        return TunnelConfiguration.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    needed.Concat(said).Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))
                )
                .Build()
        );
    }
}
