using System.CommandLine;

namespace SymRatchet.Tool.Tunnels;

/// <summary>The options of one tunnel on the command line, each also a name in the configuration.</summary>
internal sealed class TunnelArguments(string kind)
{
    private readonly List<Option<string?>> _options = [];
    private readonly List<Option<string[]>> _lists = [];
    private Option<string[]>? _routes;

    private readonly Option<string?> _metrics = new("--metrics")
    {
        Description = "Serve Prometheus metrics at this port of 127.0.0.1, or at HOST:PORT, under /metrics.",
        HelpName = "[HOST:]PORT",
    };

    internal void Add(string name, string description, string value) =>
        _options.Add(new Option<string?>(name) { Description = description, HelpName = value });

    internal void AddMany(string name, string description, string value) =>
        _lists.Add(new Option<string[]>(name) { Description = description, HelpName = value });

    internal void AddRoutes() =>
        _routes = new Option<string[]>("--route")
        {
            Description =
                "The target of the clients whose ids match, in which * stands for any characters; may be repeated, and "
                + "the first that matches counts.",
            HelpName = "PATTERN=ENDPOINT",
        };

    internal void AddCommon()
    {
        Add("--name", "The tunnel's name in logs and metrics.", "NAME");
        Add("--drain-timeout", "How long a stop waits for connections to end, such as 30s.", "TIME");
    }

    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])[.. _options, .. _lists, _metrics])
            command.Options.Add(option);
        if (_routes is not null)
            command.Options.Add(_routes);
    }

    /// <summary>Returns what the command line says as the values of a configuration.</summary>
    internal Dictionary<string, string?> ToValues(ParseResult parsed)
    {
        Dictionary<string, string?> values = new() { ["Metrics"] = parsed.GetValue(_metrics) };
        foreach (Option<string?> option in _options)
            values[Path(option.Name)] = parsed.GetValue(option);
        foreach (Option<string[]> option in _lists)
        {
            string[] list = parsed.GetValue(option) ?? [];
            for (int i = 0; i < list.Length; i++)
                values[$"{Path(option.Name)}:{i}"] = list[i];
        }

        string[] routes = _routes is null ? [] : parsed.GetValue(_routes) ?? [];
        for (int i = 0; i < routes.Length; i++)
        {
            // An id may contain the sign, and so may the path of a Unix socket.
            int sign = routes[i].IndexOf("=unix:", StringComparison.OrdinalIgnoreCase);
            if (sign < 0)
                sign = routes[i].LastIndexOf('=');
            if (sign < 0)
                throw new ToolException($"--route {routes[i]}: write PATTERN=ENDPOINT", CommandLine.ExitCode.Usage);
            values[$"{kind}:0:Routes:{i}:Id"] = routes[i][..sign];
            values[$"{kind}:0:Routes:{i}:Forward"] = routes[i][(sign + 1)..];
        }

        return values;
    }

    private string Path(string name) => $"{kind}:0:{name.TrimStart('-')}";
}
