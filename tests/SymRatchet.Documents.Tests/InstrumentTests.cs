using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>The meters, spans and tags that the documents name are those of a channel.</summary>
public sealed partial class InstrumentTests
{
    private const string Source = "SymRatchet";

    private static readonly Document Reference = new("docs/diagnostics.md");

    [Fact]
    public async Task The_reference_has_every_instrument_with_its_unit_and_tags()
    {
        SortedDictionary<string, string> units = new(StringComparer.Ordinal);
        Dictionary<string, HashSet<string>> tags = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != Source)
                return;
            units[instrument.Name] = instrument.Unit!;
            listener.EnableMeasurementEvents(instrument);
        };
        void Keep<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> given, object? state)
        {
            lock (tags)
            {
                foreach (KeyValuePair<string, object?> tag in given)
                    (
                        tags.TryGetValue(instrument.Name, out HashSet<string>? names)
                            ? names
                            : tags[instrument.Name] = []
                    ).Add(tag.Key);
            }
        }

        listener.SetMeasurementEventCallback<long>(Keep);
        listener.SetMeasurementEventCallback<double>(Keep);
        listener.Start();
        await using (ChannelPair pair = await ChannelPair.CreateAsync())
            await pair.RoundAsync([1], [2]);

        string[][] rows = [.. Reference.Rows("## Meter `SymRatchet`")];
        Assert.Equal(
            units.Select(unit => $"`{unit.Key}` `{unit.Value}`"),
            rows.Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal)
        );
        lock (tags)
        {
            // What this channel did not do, such as failing, gives no tags here.
            Assert.True(tags.Count >= 4, "the tags are not where they were");
            foreach ((string name, HashSet<string> given) in tags)
                Assert.All(given, tag => Assert.Contains($"`{tag}`", TagsIn(rows, name), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_reference_has_the_span_and_its_tags()
    {
        HashSet<string> made = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (made)
                    made.UnionWith([activity.OperationName, .. activity.TagObjects.Select(tag => tag.Key)]);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using (await ChannelPair.CreateAsync()) { }

        lock (made)
            Assert.Equal(made.Order(), Names(Reference.Section("## Activity source `SymRatchet`")).Distinct().Order());
    }

    [Fact]
    public void Every_instrument_that_a_document_names_is_in_the_reference()
    {
        HashSet<string> known = [.. Names(Reference.Prose)];
        var unknown =
            from document in Document.All
            from name in Names(document.Prose)
            where !known.Contains(name)
            select $"{document.Path}: {name}";
        Assert.Empty(unknown);
    }

    // "the same" stands for the tags of the row above.
    private static string TagsIn(string[][] rows, string name)
    {
        int row = Array.FindIndex(rows, row => row[0] == $"`{name}`");
        while (rows[row][3] == "the same")
            row--;
        return rows[row][3];
    }

    private static IEnumerable<string> Names(IEnumerable<string> lines) =>
        lines.SelectMany(line => Name().Matches(line)).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"`(symratchet\.[a-z.]*[a-z])`")]
    private static partial Regex Name();
}
