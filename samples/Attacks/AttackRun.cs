using System.Text.Json;
using Spectre.Console;
using SymRatchet.Samples.Attacks.Catalogue;
using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks;

/// <summary>Runs attacks one after the other, each in a laboratory of its own, and shows what came of them.</summary>
public static class AttackRun
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Runs the attacks; on a live server without those that need to see its inside.</summary>
    public static async Task<IReadOnlyList<AttackResult>> RunAsync(
        IEnumerable<IAttack> attacks,
        ChannelProtocol protocol,
        ClientKeys keys,
        Endpoint? live,
        CancellationToken cancellationToken
    )
    {
        if (live is not null)
            await CheckLiveAsync(protocol, keys, live, cancellationToken);
        List<AttackResult> results = [];
        foreach (IAttack attack in attacks.Where(attack => live is null || !attack.NeedsInside))
        {
            await using Laboratory laboratory = new(protocol, keys, live);
            results.Add(new AttackResult(attack, protocol, await TryAsync(attack, laboratory, cancellationToken)));
        }

        return results;
    }

    public static void Show(IReadOnlyList<AttackResult> results)
    {
        foreach (IGrouping<ChannelProtocol, AttackResult> group in results.GroupBy(result => result.Protocol))
        {
            Table table = new()
            {
                Title = new TableTitle($"attacks on {SampleOptions.NameOf(group.Key)}"),
                Border = TableBorder.Rounded,
            };
            table.AddColumn(new TableColumn("attack").NoWrap());
            table.AddColumns("what was sent", "what came of it", "verdict");
            foreach (AttackResult result in group)
            {
                string colour = (result.IsExpected, result.Report.Verdict) switch
                {
                    (false, _) => "red bold",
                    (_, Verdict.Accepted) => "yellow",
                    _ => "green",
                };
                string measured =
                    result.Report.Measured.Length == 0 ? "" : $" [dim]({result.Report.Measured.EscapeMarkup()})[/]";
                table.AddRow(
                    result.Attack.Name,
                    result.Report.Sent.EscapeMarkup(),
                    result.Report.Did.EscapeMarkup() + measured,
                    $"[{colour}]{result.Words.EscapeMarkup()}[/]"
                );
            }

            Terminal.Out.Write(table);
        }
    }

    public static void ShowList()
    {
        foreach (IAttack attack in AttackCatalogue.All)
        {
            Terminal.Out.MarkupLineInterpolated($"[bold]{attack.Name}[/]");
            Terminal.Out.WriteLine("  " + attack.How.Replace("\n", "\n  ", StringComparison.Ordinal));
            var (onSeed, onV1) = (Expected(attack, ChannelProtocol.Seed), Expected(attack, ChannelProtocol.V1));
            Terminal.Out.MarkupLineInterpolated($"  [dim]expected: seed {onSeed}, v1 {onV1}. {attack.Why}[/]");
        }
    }

    public static Task WriteListAsync(string path, CancellationToken cancellationToken) =>
        WriteAsync(
            path,
            AttackCatalogue.All.Select(attack => new
            {
                attack = attack.Name,
                how = attack.How.Replace('\n', ' '),
                seed = Expected(attack, ChannelProtocol.Seed),
                v1 = Expected(attack, ChannelProtocol.V1),
                why = attack.Why,
            }),
            cancellationToken
        );

    /// <summary>Makes sure that results can be written, before they are worked for.</summary>
    public static async Task PrepareAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(path, "[]\n", cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"cannot write the results: {e.Message}", e);
        }
    }

    public static Task WriteJsonAsync(
        string path,
        IReadOnlyList<AttackResult> results,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            path,
            results.Select(result => new
            {
                attack = result.Attack.Name,
                protocol = SampleOptions.NameOf(result.Protocol),
                sent = result.Report.Sent,
                did = result.Report.Did,
                measured = result.Report.Measured,
                verdict = result.Words,
                expected = result.IsExpected,
            }),
            cancellationToken
        );

    // An attack on a server that does not even serve an honest client would be refused by anything.
    private static async Task CheckLiveAsync(
        ChannelProtocol protocol,
        ClientKeys keys,
        Endpoint live,
        CancellationToken cancellationToken
    )
    {
        await using Laboratory laboratory = new(protocol, keys, live);
        Visit honest = await laboratory.VisitAsync(live, laboratory.KeyOf(laboratory.Victim), ["1"], cancellationToken);
        if (honest.Answers.Count != 1)
            throw new SampleException(
                $"no honest session with {live} to attack ({honest.Failure}): it speaks another protocol, or has "
                    + "other keys"
            );
    }

    private static async Task<AttackReport> TryAsync(
        IAttack attack,
        Laboratory laboratory,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await attack.RunAsync(laboratory, cancellationToken);
        }
        catch (Exception e) when (e is SampleException or TimeoutException)
        {
            return new AttackReport("nothing", e.Message, Verdict.NotTried);
        }
    }

    private static Task WriteAsync<T>(string path, IEnumerable<T> rows, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(path, JsonSerializer.Serialize(rows, Json) + "\n", cancellationToken);

    private static string Expected(IAttack attack, ChannelProtocol protocol) =>
        attack.Expected(protocol) == Verdict.Refused ? "refused" : "accepted";
}
