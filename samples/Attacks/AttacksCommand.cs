using System.CommandLine;
using SymRatchet.CommandLine;
using SymRatchet.Samples.Attacks.Catalogue;
using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks;

/// <summary>The attack program's command line.</summary>
internal static class AttacksCommand
{
    internal static RootCommand Create()
    {
        Argument<string[]> names = new("NAME")
        {
            Description = "The attacks to run. Default: all.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        names.Validators.Add(result =>
        {
            foreach (
                string name in result
                    .Tokens.Select(token => token.Value)
                    .Where(name => AttackCatalogue.All.All(attack => attack.Name != name))
            )
                result.AddError($"There is no attack '{name}'; --list shows them.");
        });
        Option<string> protocol = new("--protocol")
        {
            Description = "The protocol to attack: v1, seed or both. Default: both.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "both",
        };
        protocol.AcceptOnlyFromAmong("v1", "seed", "both");
        Option<Endpoint?> connect = new("--connect")
        {
            Description =
                "A live server to attack, with the demonstration keys or those of --keys. Default: one of its own, "
                + "whose inside is watched too.",
            HelpName = "HOST:PORT",
            CustomParser = SampleOptions.Parsed(Endpoint.Parse),
        };
        Option<string?> keys = SampleOptions.Keys();
        Option<string?> json = new("--json")
        {
            Description = "A file that the results, or the list, are also written to.",
            HelpName = "FILE",
        };
        Option<bool> list = new("--list")
        {
            Description = "Shows the attacks, how they work and what is expected of them, and runs none.",
        };

        RootCommand command = new(
            "Real attacks on a real wire between an honest client and an honest server, with verdicts that can fail."
        )
        {
            names,
            protocol,
            connect,
            keys,
            json,
            list,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                if (parsed.GetValue(list))
                {
                    AttackRun.ShowList();
                    if (parsed.GetValue(json) is { } listFile)
                        await AttackRun.WriteListAsync(listFile, cancellationToken);
                    return ExitCode.Success;
                }

                if (parsed.GetValue(json) is { } wanted)
                    await AttackRun.PrepareAsync(wanted, cancellationToken);
                string[] chosen = parsed.GetValue(names) ?? [];
                IAttack[] attacks =
                [
                    .. AttackCatalogue.All.Where(attack => chosen.Length == 0 || chosen.Contains(attack.Name)),
                ];
                List<AttackResult> results = [];
                foreach (
                    ChannelProtocol attacked in Protocols(parsed.GetRequiredValue(protocol), parsed.GetValue(connect))
                )
                {
                    using var known = ClientKeys.Load(parsed.GetValue(keys), attacked);
                    results.AddRange(
                        await AttackRun.RunAsync(attacks, attacked, known, parsed.GetValue(connect), cancellationToken)
                    );
                }

                AttackRun.Show(results);
                if (parsed.GetValue(json) is { } file)
                    await AttackRun.WriteJsonAsync(file, results, cancellationToken);
                if (results.All(result => result.IsExpected))
                    return ExitCode.Success;
                Terminal.Fail(
                    $"{results.Count(result => !result.IsExpected)} of {results.Count} verdicts are not the expected "
                        + "ones"
                );
                return ExitCode.Failure;
            }
        );
        return command;
    }

    // A live server speaks one protocol, so attacking both makes sense only on servers of our own.
    private static ChannelProtocol[] Protocols(string name, Endpoint? live) =>
        name switch
        {
            "seed" => [ChannelProtocol.Seed],
            "v1" => [ChannelProtocol.V1],
            _ => live is null
                ? [ChannelProtocol.Seed, ChannelProtocol.V1]
                : throw new SampleException(
                    "a live server speaks one protocol: say which with --protocol v1 or --protocol seed"
                ),
        };
}
