using System.Globalization;
using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Code;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>Every number that was measured is read from the file of its run.</summary>
public sealed partial class PerformanceTests
{
    private const string Ours = "symratchet-aegis256";

    private const string Planning = "### Planning a server";
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly Document Guide = new("docs/performance.md");
    private static readonly BenchmarkRun Run = new();

    private static readonly string[] Tables =
    [
        "## One message",
        "## On the wire",
        "## Tunnels",
        "## HTTP",
        "## Memory",
    ];

    [Fact]
    public void Every_cell_of_every_table_is_the_median_of_the_run()
    {
        List<string> shown = [];
        foreach (string heading in Tables)
        {
            string[] scenarios =
            [
                .. Guide
                    .Section(heading)
                    .First(line => line.StartsWith('|'))
                    .Trim('|', ' ')
                    .Split('|', StringSplitOptions.TrimEntries),
            ];
            Assert.Equal(
                Run.PeersOf(scenarios)
                    .Order()
                    .Select(peer =>
                        string.Join(" | ", [peer, .. scenarios.Select(scenario => Run.Cell(scenario, peer))])
                    ),
                Guide.Rows(heading).Select(row => string.Join(" | ", row)).Order()
            );
            shown.AddRange(scenarios);
        }

        Assert.Equal(Run.Scenarios.Order(), shown.Order());
    }

    [Fact]
    public void Every_sentence_with_a_measured_number_says_what_the_run_says()
    {
        string[] missing =
        [
            .. Sentences()
                .Where(sentence => !Text(sentence.Document).Contains(sentence.Text, Ordinal))
                .Select(sentence => sentence.Text),
        ];
        Assert.Empty(missing);
    }

    /// <summary>What is neither of the run, nor a name, a size or a setting, is from nowhere.</summary>
    [Fact]
    public void No_other_number_is_in_the_document_of_measured_numbers()
    {
        string[] checkedRows =
        [
            .. Tables.Append(Planning).SelectMany(Guide.Rows).Select(row => string.Join(" | ", row)),
        ];
        string text = string.Join(
            '\n',
            Guide.Prose.Where(line =>
                !line.StartsWith('|')
                || !checkedRows.Contains(string.Join(" | ", line.Split('|', StringSplitOptions.TrimEntries)[1..^1]))
            )
        );
        text = text.Replace('\n', ' ');
        foreach ((_, string sentence) in Sentences().Where(sentence => sentence.Document == Guide.Path))
            text = text.Replace(sentence, "", Ordinal);
        foreach (string sentence in PlanningSentences())
            text = text.Replace(sentence, "", Ordinal);
        text = NotMeasured().Replace(text, "");
        Assert.Empty(
            Number()
                .Matches(text)
                .Select(number => text[Math.Max(0, number.Index - 40)..Math.Min(text.Length, number.Index + 40)])
        );
    }

    [Fact]
    public void Every_count_of_old_keys_in_PostgreSQL_is_that_of_the_measurement()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "old-keys-postgresql.txt"));
        string[] counted =
        [
            .. lines.SelectMany(line => OldKeys().Matches(line)).Select(match => match.Result("$1 | $3 | $4")),
        ];
        Assert.True(counted.Length >= 9, "the counts are not where they were");
        Document stores = new("docs/key-stores.md");
        Assert.Equal(
            counted,
            stores.Rows("### How long an old root key stays readable").Select(row => string.Join(" | ", row))
        );
        string searched = OldKeys().Match(lines[^1]).Groups[2].Value;
        Assert.Contains($"then a search for the {searched} replaced keys", Text(stores.Path), Ordinal);
    }

    [Fact]
    public void Every_time_of_a_lookup_is_that_of_the_measurement()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "lookup-times.txt"));
        string[][] rows = [.. new Document("docs/key-stores.md").Rows("## Keys at rest")];
        Assert.Equal(8, rows.Length);
        Assert.All(
            rows,
            row => Assert.Contains($"{row[0]}, {row[1]}: {row[2]} median {row[3]} us, z to unknown {row[4]}", lines)
        );
    }

    [Fact]
    public void Every_cost_of_a_change_in_SQLite_is_that_of_the_measurement()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "sqlite-journal.txt"));
        string[] rows = [.. new Document("docs/key-stores.md").Rows("### What a change costs").Select(Squeezed)];
        Assert.Equal(lines[2..].Select(line => line.Replace(" ", "", Ordinal)), rows);

        static string Squeezed(string[] row) => string.Concat(row).Replace(" ", "", Ordinal);
    }

    [Fact]
    public void Every_ratio_of_a_store_that_grows_is_that_of_the_measurement()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "growth.txt"));
        Document stores = new("docs/key-stores.md");
        Assert.Equal(
            lines.SelectMany(line => Growth().Matches(line)).Select(match => match.Result("$1 | $2 | $3 | $4")),
            stores.Rows("## Many identities").Select(row => string.Join(" | ", row))
        );
        string each = lines.SelectMany(line => Each().Matches(line)).Single().Groups[1].Value;
        Assert.Contains($"An identity takes {each} bytes in an", Text(stores.Path), Ordinal);
    }

    [Fact]
    public void Every_number_for_planning_a_server_is_that_of_the_measurement()
    {
        const int clients = 10_000;
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "fleet.txt"));
        Assert.Equal(
            lines
                .SelectMany(line => Storm().Matches(line))
                .Select(storm =>
                {
                    double seconds = Value(storm.Groups[2]);
                    double rate = Math.Round(clients / seconds / 100) * 100;
                    double processor = Value(storm.Groups[3]) * 1000 / clients;
                    return FormattableString.Invariant(
                        $"{storm.Groups[1]} | {storm.Groups[2]} | {rate:N0} | {processor:F2} | {storm.Groups[4]}"
                    );
                }),
            Guide.Rows(Planning).Select(row => string.Join(" | ", row))
        );
        Assert.All(PlanningSentences(), sentence => Assert.Contains(sentence, Text(Guide.Path), Ordinal));

        static double Value(Group group) => double.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> PlanningSentences()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "fleet.txt"));
        yield return $"exchanged, {AfterMessages("server")} KiB of memory";
        yield return $"a client needs {AfterMessages("client")} KiB";

        string AfterMessages(string side) =>
            Memory().Match(lines.Single(line => line.StartsWith(side + ", memory", Ordinal))).Groups[1].Value;
    }

    private static IEnumerable<(string Document, string Text)> Sentences()
    {
        const string suite3 = "symratchet-chacha20poly1305";
        const string tunnel = "symratchet-tunnel";
        const string multiplexed = "symratchet-tunnel-multiplex";
        double fast64 = Run.Ratio("seal-64", "aesgcm-fixed-key", Ours);
        double fast64OfSuite3 = Run.Ratio("seal-64", "aesgcm-fixed-key", suite3);
        double fast16K = Run.Ratio("seal-16384", "aesgcm-fixed-key", Ours);
        double streamOfTcp = Run.Ratio("stream-64KiB", Ours, "tcp");
        double stream = Run.Ratio("stream-64KiB", Ours, "sslstream");
        double streamOfSuite3 = Run.Ratio("stream-64KiB", suite3, "sslstream");
        double messages = Run.Ratio("messages-64B", Ours, "sslstream");
        double millions = Run["messages-64B", Ours] / 1e6;
        double pingOfTcp = Run.Ratio("pingpong-64B", Ours, "tcp");
        double ping = Run.Ratio("pingpong-64B", Ours, "sslstream");
        double connectOfTcp = Run.Ratio("connect", Ours, "tcp");
        double connect = Run.Ratio("connect", "sslstream", Ours);
        double connectOfBouncyCastle = Run.Ratio("connect", "bouncycastle-psk", Ours);
        double connectOfSqlite = Run.Ratio("connect", "sslstream", "symratchet-sqlite");
        double connectThatLasts = Run.Ratio("connect", "sslstream", "symratchet-durable");
        double get = Run.Ratio("http-get", "symratchet-http", "https");
        double newGet = Run.Ratio("http-connect", "symratchet-http", "https");
        double idle = Run["idle-connection", Ours];
        double idleOfTls = Run["idle-connection", "sslstream"];
        double tunnelOfSpiped = Run.Ratio("tunnel-64KiB", tunnel, "spiped");
        double tunnelOfStunnel = Run.Ratio("tunnel-64KiB", tunnel, "stunnel-psk");
        double tripOfSpiped = Run.Ratio("tunnel-pingpong", tunnel, "spiped");
        double tripOfStunnel = Run.Ratio("tunnel-pingpong", tunnel, "stunnel-psk");
        double throughSpiped = Run.Ratio("tunnel-connect", "spiped", tunnel);
        double throughStunnel = Run.Ratio("tunnel-connect", "stunnel-psk", tunnel);
        double streamOfSpiped = Run.Ratio("tunnel-connect", "spiped", multiplexed);
        double streamOfStunnel = Run.Ratio("tunnel-connect", "stunnel-psk", multiplexed);
        double idleTunnel = Run["tunnel-idle", tunnel];
        double idleStunnel = Run["tunnel-idle", "stunnel-psk"];
        double idleSpiped = Run["tunnel-idle", "spiped"];
        return
        [
            (Guide.Path, Run.Machine),
            (
                Guide.Path,
                FormattableString.Invariant($"{fast64:F1} times less at 64 bytes, {fast16K:F1} times at 16 KiB")
            ),
            Goal("with a fixed key", $"{fast64:F1} times", fast64 >= 5),
            Goal("with ChaCha20-Poly1305", $"{fast64OfSuite3:F2} times", fast64OfSuite3 >= 1),
            Goal("seal-16384 at least 1.8 times faster", $"{fast16K:F1} times", fast16K >= 1.8),
            Goal("at least 0.9 of TCP", $"{streamOfTcp:F2}", streamOfTcp >= 0.9),
            Goal("stream-64KiB at least 1.2 times SslStream", $"{stream:F1} times", stream >= 1.2),
            Goal("stream-64KiB with ChaCha20-Poly1305", $"{streamOfSuite3:F1} times", streamOfSuite3 >= 1),
            Goal(
                "2,000,000 a second",
                $"{messages:F0} times, {millions:F1} million a second",
                messages >= 8 && millions >= 2
            ),
            Goal(
                "at most 0.95 of SslStream",
                $"{pingOfTcp:F2} of TCP, {ping:F2} of SslStream",
                pingOfTcp <= 1.1 && ping <= 0.95
            ),
            Goal("at most 2.3 of TCP", $"{connectOfTcp:F2}", connectOfTcp <= 2.3),
            Goal("7 times faster than SslStream", $"{connect:F1} times", connect >= 7),
            Goal(
                "1.5 times faster than BouncyCastle",
                $"{connectOfBouncyCastle:F2} times",
                connectOfBouncyCastle >= 1.5
            ),
            Goal(
                "2.5 times faster than SslStream",
                $"{connectOfSqlite:F2} times with SQLite, {connectThatLasts:F2} with both",
                connectThatLasts >= 2.5
            ),
            Goal("http-get at least 1.25 times HTTPS", $"{get:F2}", get >= 1.25),
            Goal("http-connect at least 5 times", $"{newGet:F1}", newGet >= 5),
            (Guide.Path, $"| {Run.Number("allocated-64B", Ours)} bytes a message in both"),
            Goal(
                "at most 6 KiB, and less than SslStream",
                $"{idle:F1} KiB, SslStream {idleOfTls:F1}",
                idle <= 6 && idle < idleOfTls
            ),
            Goal(
                "tunnel-64KiB at least 4 times spiped and at least 1.5 times stunnel",
                $"{tunnelOfSpiped:F1} and {tunnelOfStunnel:F2} times",
                tunnelOfSpiped >= 4 && tunnelOfStunnel >= 1.5
            ),
            Goal(
                "tunnel-pingpong no slower than spiped and stunnel",
                $"{tripOfSpiped:F2} of spiped, {tripOfStunnel:F2} of stunnel",
                tripOfSpiped <= 1 && tripOfStunnel <= 1
            ),
            Goal(
                "tunnel-connect at least 2 times faster than spiped and stunnel",
                $"{throughSpiped:F2} and {throughStunnel:F2} times",
                throughSpiped >= 2 && throughStunnel >= 2
            ),
            Goal(
                "the same at least 5 times with `--multiplex`",
                $"{streamOfSpiped:F1} and {streamOfStunnel:F1} times",
                streamOfSpiped >= 5 && streamOfStunnel >= 5
            ),
            Goal(
                "tunnel-idle less than stunnel",
                $"{idleTunnel:F1} KiB, stunnel {idleStunnel:F1}, spiped {idleSpiped:F1}",
                idleTunnel < idleStunnel
            ),
            (
                "README.md",
                FormattableString.Invariant($"a stream {stream:F1} times as fast, small messages {messages:F0} times, ")
                    + FormattableString.Invariant($"new connections {connect:F1} times ({connectThatLasts:F1} times ")
                    + FormattableString.Invariant(
                        $"with keys on the disk at both ends), {idleOfTls / idle:F1} times less memory"
                    )
            ),
        ];

        static (string Document, string Text) Goal(string goal, FormattableString measured, bool isMet) =>
            (Guide.Path, $"{goal} | {FormattableString.Invariant(measured)} | {(isMet ? "yes" : "no")} |");
    }

    private static string Text(string document) =>
        string.Join(' ', new Document(document).Prose.Select(line => line.Trim()));

    [GeneratedRegex(
        "^after (.+): of ([0-9]+) old keys, ([0-9]+) in the table's file, ([0-9]+) in the write-ahead log$"
    )]
    private static partial Regex OldKeys();

    [GeneratedRegex(
        @"^(\w+), ([a-z ]+): 1000 identities [\d.,]+ us \(1\.00\), 100000 identities [\d.,]+ us \(([\d.]+)\), "
            + @"1000000 identities [\d.,]+ us \(([\d.]+)\)$"
    )]
    private static partial Regex Growth();

    [GeneratedRegex(@"^([a-z]+(?:, --folder [a-z/]+)?): ([\d.]+) s, ([\d.]+) s; with --strangers 2000: ([\d.]+) s,")]
    private static partial Regex Storm();

    [GeneratedRegex(@"after the last message ([\d.]+) and")]
    private static partial Regex Memory();

    [GeneratedRegex("identities: ([0-9]+) bytes each on the heap")]
    private static partial Regex Each();

    [GeneratedRegex(@"\d[\d.,]*")]
    private static partial Regex Number();

    // Names, scenarios, sizes, goals and settings of the program.
    [GeneratedRegex(
        @"allocated-64B 0|tests pin 0|stunnel4|libssl3|tls1\.2|AEGIS-256|AES-256|ChaCha20-?Poly1305|aegis256|P-256|"
            + @"TLS 1\.\d|HTTP/\d|"
            + @"\b\w+-\d+(?:B|KiB|GiB)?\b|\d[\d,]* (?:bytes|KiB|GiB|turns|connections|cores|strangers)|"
            + @"at (?:least|most) [\d.,]+|and 2,000,000 a second|1 / \(1/tcp \+ 1/"
    )]
    private static partial Regex NotMeasured();
}
