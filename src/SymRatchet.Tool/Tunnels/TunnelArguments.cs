using System.CommandLine;

namespace SymRatchet.Tool.Tunnels;

/// <summary>The options of one tunnel on the command line, each also a name in the configuration.</summary>
internal sealed class TunnelArguments
{
    private readonly List<Option<bool>> _switches = [];
    private readonly List<Option<string?>> _options = [];
    private readonly List<Option<string[]>> _lists = [];
    private readonly List<(Option<string[]> Option, string Value)> _routes = [];

    private readonly Option<string?> _metrics = new("--metrics")
    {
        Description = "Serve Prometheus metrics at this port of 127.0.0.1, or at HOST:PORT, under /metrics.",
        HelpName = "[HOST:]PORT",
    };

    internal void Add(string name, string description, string value) =>
        _options.Add(new Option<string?>(name) { Description = description, HelpName = value });

    internal void AddMany(string name, string description, string value) =>
        _lists.Add(new Option<string[]>(name) { Description = description, HelpName = value });

    internal void AddSwitch(string name, string description) =>
        _switches.Add(new Option<bool>(name) { Description = description });

    /// <summary>Adds an option whose values are pairs of an id's pattern and an end point.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">Its help.</param>
    /// <param name="value">What the end point is called in the configuration.</param>
    /// <returns>The option.</returns>
    internal Option<string[]> AddRoutes(string name, string description, string value)
    {
        Option<string[]> option = new(name) { Description = description, HelpName = "PATTERN=ENDPOINT" };
        _routes.Add((option, value));
        return option;
    }

    internal void AddCommon()
    {
        Add("--name", "The tunnel's name in logs and metrics.", "NAME");
        Add("--drain-timeout", "How long a stop waits for connections to end, such as 30s.", "TIME");
    }

    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])[.. _options, .. _switches, .. _lists, _metrics])
            command.Options.Add(option);
        foreach ((Option<string[]> option, _) in _routes)
            command.Options.Add(option);
    }

    /// <summary>Returns what the command line says as the values of a configuration.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="kind">The section of the configuration that the tunnel belongs to.</param>
    internal Dictionary<string, string?> ToValues(ParseResult parsed, string kind)
    {
        string Path(string name) => $"{kind}:0:{name.TrimStart('-')}";

        Dictionary<string, string?> values = new() { ["Metrics"] = parsed.GetValue(_metrics) };
        foreach (Option<string?> option in _options)
            values[Path(option.Name)] = parsed.GetValue(option);
        foreach (Option<bool> option in _switches.Where(parsed.GetValue))
            values[Path(option.Name)] = "true";
        foreach (Option<string[]> option in _lists)
        {
            string[] list = parsed.GetValue(option) ?? [];
            for (int i = 0; i < list.Length; i++)
                values[$"{Path(option.Name)}:{i}"] = list[i];
        }

        foreach ((Option<string[]> option, string value) in _routes)
        {
            string[] routes = parsed.GetValue(option) ?? [];
            for (int i = 0; i < routes.Length; i++)
            {
                (string id, string endPoint) = Split(option.Name, routes[i]);
                values[$"{kind}:0:Routes:{i}:Id"] = id;
                values[$"{kind}:0:Routes:{i}:{value}"] = endPoint;
            }
        }

        return values;
    }

    // An id may contain the sign, and so may the path of a Unix socket.
    private static (string Id, string EndPoint) Split(string option, string route)
    {
        int sign = route.IndexOf("=unix:", StringComparison.OrdinalIgnoreCase);
        if (sign < 0)
            sign = route.LastIndexOf('=');
        return sign < 0
            ? throw new ToolException($"{option} {route}: write PATTERN=ENDPOINT", CommandLine.ExitCode.Usage)
            : (route[..sign], route[(sign + 1)..]);
    }
}
