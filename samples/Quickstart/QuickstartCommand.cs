using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using SymRatchet.CommandLine;
using SymRatchet.Samples.Attacks;
using SymRatchet.Samples.Attacks.Catalogue;
using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Quickstart;

/// <summary>
/// The main job in one command: rounds over channels, how the keys move, and what an attacker on the wire achieves.
/// </summary>
internal static class QuickstartCommand
{
    // Everything takes about a second; whatever hangs is cut off.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(1);

    // The attacks of the original system, the whole session sent again, and the theft that the epochs are there for.
    private static readonly string[] Shown =
    [
        "replayed-message",
        "changed-ciphertext",
        "desynchronised-keys",
        "wrong-round",
        "reflected-message",
        "unknown-client",
        "replayed-session",
        "stolen-key",
    ];

    internal static RootCommand Create()
    {
        RootCommand command = new(
            "Runs an analytics server, three clients with real measurements and an attacker on the wire, and checks "
                + "all that they show."
        );
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        var watch = Stopwatch.StartNew();
        Findings findings = new();
        try
        {
            await FieldDay.RunAsync(findings, limit.Token);
            await AttackAsync(findings, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SampleException($"not done after {TimeLimit.TotalSeconds:0} s");
        }

        foreach (string unexpected in findings.Unexpected)
            Terminal.Fail(unexpected);
        if (findings.Unexpected.Count > 0)
            return ExitCode.Failure;
        double seconds = watch.Elapsed.TotalSeconds;
        Terminal.Out.MarkupLineInterpolated(
            $"[green]All {findings.Checked} checks came out as expected[/] [dim]in {seconds:0.0} s.[/]"
        );
        return ExitCode.Success;
    }

    private static async Task AttackAsync(Findings findings, CancellationToken cancellationToken)
    {
        Terminal.Out.WriteLine();
        Terminal.Out.MarkupLine(
            "[bold]The attacker[/] owns the wire between a client and its server: it reads, holds, changes and "
                + "repeats what it likes."
        );
        IAttack[] attacks = [.. AttackCatalogue.All.Where(attack => Shown.Contains(attack.Name))];
        foreach (ChannelProtocol protocol in (ChannelProtocol[])[ChannelProtocol.V1, ChannelProtocol.Seed])
        {
            using var keys = ClientKeys.Demonstration(protocol);
            IReadOnlyList<AttackResult> results = await AttackRun.RunAsync(
                attacks,
                protocol,
                keys,
                live: null,
                cancellationToken
            );
            AttackRun.Show(results);
            foreach (AttackResult result in results)
                findings.Check(
                    result.IsExpected,
                    $"attack {result.Attack.Name} on {SampleOptions.NameOf(protocol)}: {result.Words}"
                );
        }

        int more = AttackCatalogue.All.Count - attacks.Length;
        Terminal.Out.MarkupLineInterpolated(
            $"[dim]{more} more attacks on each protocol: dotnet run -c Release --project samples/Attacks[/]"
        );
    }
}
