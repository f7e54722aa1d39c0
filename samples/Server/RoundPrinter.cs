using System.Globalization;
using Microsoft.Extensions.Hosting;
using Spectre.Console;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>Shows the aggregates on standard output.</summary>
internal sealed class RoundPrinter(RoundFeed feed) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (RoundEvent happened in feed.ReadAllAsync(stoppingToken))
        {
            if (happened is not RoundEvent.Closed { Round: { } round })
                continue;
            string aggregate = round.Aggregate?.ToString("F2", CultureInfo.InvariantCulture) ?? "none";
            Terminal.Out.MarkupLineInterpolated(
                $"round {round.Number}: aggregate [green]{aggregate}[/] [dim]over {round.Numbers} numbers of {round.Clients} clients[/]"
            );
        }
    }
}
