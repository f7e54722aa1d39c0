using System.CommandLine;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>The server's command line.</summary>
internal static class ServerCommand
{
    internal static RootCommand Create()
    {
        Option<ChannelProtocol> protocol = SampleOptions.Protocol();
        Option<Endpoint> listen = SampleOptions.EndpointOption(
            "--listen",
            "Where to listen; port 0 takes any free port."
        );
        Option<string?> keys = SampleOptions.Keys();
        Option<string?> store = SampleOptions.Store(
            "A SQLite key store, so that keys move forward for good; made where there is none. Clients of --keys "
                + "that it does not know are added to it. Default: keys are kept in memory."
        );
        Option<IAggregator> aggregate = new("--aggregate")
        {
            Description =
                $"What is made of a round's numbers: {string.Join(", ", BuiltInAggregators.Names)}. Default: "
                + $"{BuiltInAggregators.Default.Name}.",
            HelpName = "NAME",
            DefaultValueFactory = _ => BuiltInAggregators.Default,
            CustomParser = SampleOptions.Parsed(BuiltInAggregators.Find),
        };
        Option<string> close = new("--close")
        {
            Description =
                "When a round closes: at-once (each contribution is answered over those that came before), "
                + "all-present, quorum or time. Default: at-once.",
            HelpName = "RULE",
            DefaultValueFactory = _ => ClosingRule.AtOnce,
        };
        close.Validators.Add(ClosingRule.Validate);
        Option<int> quorum = SampleOptions.Count(
            "--quorum",
            "For --close quorum and all-present: how many clients it takes.",
            1
        );
        Option<int?> timeLimit = new("--time-limit")
        {
            Description =
                "For all rules but at-once: a round closes so many milliseconds after its first contribution.",
            HelpName = "MS",
        };
        timeLimit.Validators.Add(ClosingRule.ValidateTimeLimit);
        Option<int> handshake = SampleOptions.Count(
            "--handshake-timeout",
            "Seconds that a client may take to prove itself.",
            10,
            most: 3600
        );
        Option<int> idle = SampleOptions.Count(
            "--idle-timeout",
            "Seconds that a client may keep silent.",
            300,
            most: 86_400
        );
        Option<string> log = new("--log")
        {
            Description = "How the log on standard error looks: text or json. Default: text.",
            DefaultValueFactory = _ => ServerHost.TextLog,
        };
        log.AcceptOnlyFromAmong(ServerHost.TextLog, ServerHost.JsonLog);
        Option<Endpoint?> dashboard = new("--dashboard")
        {
            Description =
                "Serves a page that shows clients, rounds and refusals as they happen, as in 127.0.0.1:8080. "
                + "Default: no page.",
            HelpName = "HOST:PORT",
            CustomParser = SampleOptions.Parsed<Endpoint?>(Endpoint.Parse),
        };
        Option<bool> dashboardForAll = new("--dashboard-for-all")
        {
            Description =
                "Lets --dashboard listen beyond this machine. The page has no password and no encryption: whoever "
                + "reaches it sees it.",
        };

        RootCommand command = new(
            "The analytics server: aggregates the measurements of many clients, each over a SymRatchet channel of "
                + "its own."
        )
        {
            protocol,
            listen,
            keys,
            store,
            aggregate,
            close,
            quorum,
            timeLimit,
            handshake,
            idle,
            log,
            dashboard,
            dashboardForAll,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                ChannelProtocol spoken = parsed.GetValue(protocol);
                string? file = parsed.GetValue(store);
                using ClientKeys known = file is null
                    ? ClientKeys.Load(parsed.GetValue(keys), spoken)
                    : DurableKeys.Load(parsed.GetValue(keys), file, spoken);
                ServerSettings settings = new()
                {
                    Listen = parsed.GetRequiredValue(listen),
                    Protocol = spoken,
                    Keys = known,
                    Store = file,
                    Aggregator = parsed.GetRequiredValue(aggregate),
                    Closing = ClosingRule.Parse(
                        parsed.GetRequiredValue(close),
                        parsed.GetValue(quorum),
                        parsed.GetValue(timeLimit)
                    ),
                    HandshakeTimeout = TimeSpan.FromSeconds(parsed.GetValue(handshake)),
                    IdleTimeout = TimeSpan.FromSeconds(parsed.GetValue(idle)),
                    Log = parsed.GetRequiredValue(log),
                    Dashboard = parsed.GetValue(dashboard),
                    DashboardForAll = parsed.GetValue(dashboardForAll),
                };
                return await ServerHost.RunAsync(settings, cancellationToken);
            }
        );
        return command;
    }
}
