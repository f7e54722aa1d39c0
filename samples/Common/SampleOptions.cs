using System.CommandLine;
using System.CommandLine.Parsing;

namespace SymRatchet.Samples;

/// <summary>The options that several samples share, so that they mean the same everywhere.</summary>
public static class SampleOptions
{
    public const string DefaultEndpoint = "127.0.0.1:9999";

    // The first is the default.
    private static readonly (string Name, ChannelProtocol Protocol)[] Protocols =
    [
        ("v1", ChannelProtocol.V1),
        ("seed", ChannelProtocol.Seed),
    ];

    public static Option<ChannelProtocol> Protocol()
    {
        string names = string.Join(", ", Protocols.Select(known => known.Name));
        Option<ChannelProtocol> option = new("--protocol")
        {
            Description = $"The protocol that both sides speak: {names}. Default: {Protocols[0].Name}.",
            HelpName = "NAME",
            DefaultValueFactory = _ => Protocols[0].Protocol,
            CustomParser = result =>
            {
                string name = result.Tokens[0].Value;
                foreach ((string known, ChannelProtocol protocol) in Protocols)
                {
                    if (known.Equals(name, StringComparison.OrdinalIgnoreCase))
                        return protocol;
                }

                result.AddError($"There is no protocol '{name}'; there are {names}.");
                return default;
            },
        };
        return option;
    }

    public static string NameOf(ChannelProtocol protocol) => Protocols.First(known => known.Protocol == protocol).Name;

    public static Option<Endpoint> EndpointOption(string name, string description) =>
        new(name)
        {
            Description = $"{description} Default: {DefaultEndpoint}.",
            HelpName = "HOST:PORT",
            DefaultValueFactory = _ => Endpoint.Parse(DefaultEndpoint),
            CustomParser = Parsed(Endpoint.Parse),
        };

    public static Option<string?> Keys() =>
        new("--keys")
        {
            Description =
                "The clients' keys, one client a line: id, key in hexadecimal, and perhaps a weight. Default: "
                + "demonstration keys that everybody knows, clients 1 to 5.",
            HelpName = "FILE",
        };

    public static Option<string?> Store(string description) =>
        new("--store") { Description = description, HelpName = "FILE" };

    /// <summary>An option that counts something, from a least value on.</summary>
    public static Option<int> Count(
        string name,
        string description,
        int defaultValue,
        int least = 1,
        int most = int.MaxValue
    )
    {
        Option<int> option = new(name)
        {
            Description = $"{description} Default: {defaultValue}.",
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Validators.Add(result =>
        {
            if (
                result.Tokens.Count == 1
                && int.TryParse(result.Tokens[0].Value, out int value)
                && (value < least || value > most)
            )
                result.AddError(
                    $"{name} is {value}; it must be at least "
                        + $"{least}{(most == int.MaxValue ? "" : $" and at most {most}")}."
                );
        });
        return option;
    }

    /// <summary>
    /// Turns a parser that throws <see cref="SampleException"/> or <see cref="ArgumentException"/> into one for an
    /// option.
    /// </summary>
    public static Func<ArgumentResult, T?> Parsed<T>(Func<string, T> parse) =>
        result =>
        {
            try
            {
                return parse(result.Tokens[0].Value);
            }
            catch (Exception e) when (e is SampleException or ArgumentException)
            {
                result.AddError(e.Message);
                return default;
            }
        };
}
