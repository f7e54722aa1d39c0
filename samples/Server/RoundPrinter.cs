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
        await foreach (RoundEvent roundEvent in feed.ReadAllAsync(stoppingToken))
        {
            if (roundEvent is not RoundEvent.Closed { Round: { } round })
                continue;
            string aggregate = round.Aggregate?.ToString("F2", CultureInfo.InvariantCulture) ?? "none";
            Terminal.Out.MarkupInterpolated($"round {round.Number}: aggregate [green]{aggregate}[/] ");
            Terminal.Out.MarkupLineInterpolated($"[dim]over {round.Numbers} numbers of {round.Clients} clients[/]");
        }
    }
}
