using System.Globalization;
using Spectre.Console;

namespace SymRatchet.Samples.Quickstart;

/// <summary>
/// Three clients, a server, and two sessions each: aggregates, suites, epochs, and fingerprints of the wire.
/// </summary>
internal static class FieldDay
{
    private const int Sessions = 2;
    private const int RoundsASession = 3;

    // Answers carry two decimals.
    private const double Rounding = 0.005 + 1e-9;

    // Each client speaks another suite, so that all of them are seen; the default is the first.
    private static readonly (string Client, CipherSuiteId Suite)[] Clients =
    [
        ("1", CipherSuiteId.Aegis256),
        ("2", CipherSuiteId.Aes256Gcm),
        ("3", CipherSuiteId.ChaCha20Poly1305),
    ];

    internal static async Task RunAsync(Findings findings, CancellationToken cancellationToken)
    {
        using var keys = ClientKeys.Demonstration(ChannelProtocol.V1);
        await using AnalyticsServer server = new(keys, Clients.Length);
        FieldClient[] clients =
        [
            .. Clients.Select(client => new FieldClient(
                client.Client,
                keys.TryFind(client.Client, out PreSharedKey? key)
                    ? key
                    : throw new SampleException($"there is no key for client {client.Client}"),
                client.Suite
            )),
        ];

        Terminal.Out.MarkupLineInterpolated($"[bold]An analytics server[/] listens on {server.Endpoint}.");
        Terminal.Out.MarkupLine(
            "[bold]Three clients[/] send the highest temperatures of five days in Seattle a round, and get the mean "
                + "of all fifteen."
        );
        Terminal.Out.MarkupLine(
            "A [bold]fingerprint[/] is a short hash of all that passed on a client's wire, which is all that an "
                + "eavesdropper has of it."
        );

        List<FieldSession[]> sessions = [];
        for (int session = 0; session < Sessions; session++)
        {
            FieldSession[] done = await Task.WhenAll(
                clients.Select(client => client.RunSessionAsync(server.Endpoint, RoundsASession, cancellationToken))
            );
            Show(session, done);
            CheckRounds(findings, session, done);
            sessions.Add(done);
        }

        ShowEpochs(sessions);
        CheckEpochs(findings, sessions);
    }

    private static void Show(int session, FieldSession[] done)
    {
        Table table = new() { Title = new TableTitle($"session {session + 1}"), Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn("round").RightAligned());
        table.AddColumns("client", "sent", "fingerprint");
        table.AddColumn(new TableColumn("aggregate").RightAligned());
        for (int round = 0; round < RoundsASession; round++)
        {
            foreach (FieldSession client in done)
            {
                FieldRound shown = client.Rounds[round];
                string measured = string.Join(' ', shown.Measured.Select(value => Text(value, "0.0")));
                table.AddRow(
                    Text(NumberOf(session, round), "0"),
                    client.Client,
                    measured,
                    $"[blue]{shown.Fingerprint}[/]",
                    $"[green]{Text(shown.Aggregate, "F2")}[/]"
                );
            }
        }

        Terminal.Out.Write(table);
    }

    private static void ShowEpochs(List<FieldSession[]> sessions)
    {
        Table table = new() { Title = new TableTitle("the root keys moved on"), Border = TableBorder.Rounded };
        table.AddColumns("client", "suite");
        for (int session = 0; session < sessions.Count; session++)
            table.AddColumn(new TableColumn($"epoch of session {session + 1}").RightAligned());
        foreach ((FieldSession first, int client) in sessions[0].Select((first, client) => (first, client)))
            table.AddRow([
                first.Client,
                $"{first.Suite}",
                .. sessions.Select(session => Text(session[client].Epoch, "0")),
            ]);
        Terminal.Out.Write(table);
        Terminal.Out.MarkupLine(
            "[dim]A store that keeps its present epoch alone opens no session before it. The keys here are known to "
                + "everybody and protect nothing.[/]"
        );
    }

    private static void CheckRounds(Findings findings, int session, FieldSession[] done)
    {
        for (int round = 0; round < RoundsASession; round++)
        {
            double mean = done.SelectMany(client => client.Rounds[round].Measured).Average();
            foreach (FieldSession client in done)
            {
                double aggregate = client.Rounds[round].Aggregate;
                findings.Check(
                    Math.Abs(aggregate - mean) <= Rounding,
                    $"client {client.Client} got {Text(aggregate, "F2")} in round {NumberOf(session, round)}, but "
                        + $"the mean of what was sent is {Text(mean, "F4")}"
                );
            }
        }
    }

    private static void CheckEpochs(Findings findings, List<FieldSession[]> sessions)
    {
        foreach ((FieldSession first, FieldSession second) in sessions[0].Zip(sessions[1]))
            findings.Check(
                second.Epoch == first.Epoch + 1,
                $"client {first.Client} was in epoch {first.Epoch}, then in {second.Epoch}"
            );
        foreach ((FieldSession session, (string client, CipherSuiteId suite)) in sessions[0].Zip(Clients))
            findings.Check(session.Suite == suite, $"client {client} wanted {suite} and got {session.Suite}");
        string[] fingerprints =
        [
            .. sessions
                .SelectMany(session => session)
                .SelectMany(client => client.Rounds)
                .Select(round => round.Fingerprint),
        ];
        findings.Check(
            fingerprints.Distinct().Count() == fingerprints.Length,
            "the same bytes passed on two wires, or twice on one"
        );
    }

    private static int NumberOf(int session, int round) => (session * RoundsASession) + round + 1;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
