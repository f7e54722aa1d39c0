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

    private static readonly Document Guide = new("docs/performance.md");
    private static readonly BenchmarkRun Run = new();

    // The runs before there were tunnels to measure have no scenarios of them.
    private static readonly string[] Tables =
    [
        "## One message",
        "## On the wire",
        .. Run.Scenarios.Any(scenario => scenario.StartsWith("tunnel-", StringComparison.Ordinal))
            ? (string[])["## Tunnels"]
            : [],
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
                .Where(sentence => !Text(sentence.Document).Contains(sentence.Text, StringComparison.Ordinal))
                .Select(sentence => sentence.Text),
        ];
        Assert.Empty(missing);
    }

    /// <summary>What is neither of the run, nor a name, a size or a setting, is from nowhere.</summary>
    [Fact]
    public void No_other_number_is_in_the_document_of_measured_numbers()
    {
        string[] checkedRows = [.. Tables.SelectMany(Guide.Rows).Select(row => string.Join(" | ", row))];
        string text = string.Join(
            '\n',
            Guide.Prose.Where(line =>
                !line.StartsWith('|')
                || !checkedRows.Contains(string.Join(" | ", line.Split('|', StringSplitOptions.TrimEntries)[1..^1]))
            )
        );
        text = text.Replace('\n', ' ');
        foreach ((_, string sentence) in Sentences().Where(sentence => sentence.Document == Guide.Path))
            text = text.Replace(sentence, "", StringComparison.Ordinal);
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
        Assert.Contains($"then a search for the {searched} replaced keys", Text(stores.Path), StringComparison.Ordinal);
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
        Assert.Equal(lines[2..].Select(line => line.Replace(" ", "", StringComparison.Ordinal)), rows);

        static string Squeezed(string[] row) => string.Concat(row).Replace(" ", "", StringComparison.Ordinal);
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
        Assert.Contains($"An identity takes {each} bytes in an", Text(stores.Path), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Document, string Text)> Sentences()
    {
        const string suite3 = "symratchet-chacha20poly1305";
        string fast64 = Run.Ratio("seal-64", "aesgcm-fixed-key", Ours, "F1");
        string fast16K = Run.Ratio("seal-16384", "aesgcm-fixed-key", Ours, "F1");
        string stream = Run.Ratio("stream-64KiB", Ours, "sslstream", "F1");
        string messages = Run.Ratio("messages-64B", Ours, "sslstream", "F0");
        string connect = Run.Ratio("connect", "sslstream", Ours, "F1");
        double memory = Run["idle-connection", "sslstream"] / Run["idle-connection", Ours];
        string guide = Guide.Path;
        return
        [
            (guide, Run.Machine),
            (guide, $"{fast64} times less at 64 bytes, {fast16K} times at 16 KiB"),
            (guide, $"with a fixed key | {fast64} times |"),
            (guide, $"with ChaCha20-Poly1305 | {Run.Ratio("seal-64", "aesgcm-fixed-key", suite3, "F2")} times |"),
            (guide, $"seal-16384 at least 1.8 times faster | {fast16K} times |"),
            (guide, $"at least 0.9 of TCP | {Run.Ratio("stream-64KiB", Ours, "tcp", "F2")} |"),
            (guide, $"stream-64KiB at least 1.2 times SslStream | {stream} times |"),
            (
                guide,
                $"stream-64KiB with ChaCha20-Poly1305 | {Run.Ratio("stream-64KiB", suite3, "sslstream", "F1")} times |"
            ),
            (guide, $"| {messages} times, {Shown(Run["messages-64B", Ours] / 1e6, "F1")} million a second |"),
            (
                guide,
                $"| {Run.Ratio("pingpong-64B", Ours, "tcp", "F2")} of TCP, "
                    + $"{Run.Ratio("pingpong-64B", Ours, "sslstream", "F2")} of SslStream |"
            ),
            (guide, $"at most 2.3 of TCP | {Run.Ratio("connect", Ours, "tcp", "F2")} |"),
            (guide, $"7 times faster than SslStream | {connect} times |"),
            (guide, $"than BouncyCastle | {Run.Ratio("connect", "bouncycastle-psk", Ours, "F2")} times |"),
            (
                guide,
                $"faster than SslStream | {Run.Ratio("connect", "sslstream", "symratchet-sqlite", "F2")} times with "
                    + $"SQLite, {Run.Ratio("connect", "sslstream", "symratchet-durable", "F2")} with both |"
            ),
            (
                guide,
                $"http-get at least 1.25 times HTTPS | {Run.Ratio("http-get", "symratchet-http", "https", "F2")} |"
            ),
            (guide, $"http-connect at least 5 times | {Run.Ratio("http-connect", "symratchet-http", "https", "F1")} |"),
            (guide, $"| {Run.Number("allocated-64B", Ours)} bytes a message in both"),
            (
                guide,
                $"| {Shown(Run["idle-connection", Ours], "F1")} KiB, SslStream "
                    + $"{Shown(Run["idle-connection", "sslstream"], "F1")} |"
            ),
            (
                "README.md",
                $"a stream {stream} times as fast, small messages {messages} times, new connections {connect} "
                    + $"times, {Shown(memory, "F1")} times less memory"
            ),
        ];
    }

    private static string Text(string document) =>
        string.Join(' ', new Document(document).Prose.Select(line => line.Trim()));

    private static string Shown(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        "^after (.+): of ([0-9]+) old keys, ([0-9]+) in the table's file, ([0-9]+) in the write-ahead log$"
    )]
    private static partial Regex OldKeys();

    [GeneratedRegex(
        @"^(\w+), ([a-z ]+): 1000 identities [\d.,]+ us \(1\.00\), 100000 identities [\d.,]+ us \(([\d.]+)\), "
            + @"1000000 identities [\d.,]+ us \(([\d.]+)\)$"
    )]
    private static partial Regex Growth();

    [GeneratedRegex("identities: ([0-9]+) bytes each on the heap")]
    private static partial Regex Each();

    [GeneratedRegex(@"\d[\d.,]*")]
    private static partial Regex Number();

    // Names, scenarios, sizes, goals and settings of the program.
    [GeneratedRegex(
        @"allocated-64B 0|tests pin 0|stunnel4|libssl3|tls1\.2|AEGIS-256|AES-256|ChaCha20-?Poly1305|aegis256|P-256|"
            + @"TLS 1\.\d|HTTP/\d|"
            + @"\b\w+-\d+(?:B|KiB|GiB)?\b|\d[\d,]* (?:bytes|KiB|GiB|turns|connections|cores)|"
            + @"at (?:least|most) [\d.,]+|and 2,000,000 a second|1 / \(1/tcp \+ 1/"
    )]
    private static partial Regex NotMeasured();
}
