using System.Globalization;
using System.Text.RegularExpressions;
using Mono.Cecil;
using SymRatchet.Documents.Tests.Code;
using SymRatchet.Documents.Tests.Markdown;

namespace SymRatchet.Documents.Tests;

/// <summary>What the documents say of the log is what the code writes.</summary>
public sealed partial class LogTests
{
    private static readonly Document Reference = new("docs/diagnostics.md");

    private static readonly (string Category, string[][] Rows)[] Documented =
    [
        .. Reference
            .Prose.Select(line => Category().Match(line))
            .Where(match => match.Success)
            .Select(match => (match.Groups[1].Value, Reference.Rows(match.Value).ToArray())),
    ];

    /// <summary>An event that nothing writes is a promise to operators that is not kept.</summary>
    [Fact]
    public void Every_event_is_written_somewhere()
    {
        HashSet<string> called =
        [
            .. Operands<MethodReference>().Select(method => $"{method.DeclaringType.FullName}.{method.Name}"),
        ];
        Assert.DoesNotContain(LogEvent.All, line => !called.Contains(line.Method));
    }

    [Fact]
    public void Every_event_has_an_id_of_its_own() =>
        Assert.Empty(
            LogEvent.All.GroupBy(line => line.Id).Where(group => group.Count() > 1).Select(group => group.Key)
        );

    [Fact]
    public void The_reference_has_every_event_with_its_level_and_message()
    {
        Assert.Equal(
            LogEvent.All.OrderBy(line => line.Id).Select(line => $"{line.Id} {line.Level} `{line.Message}`"),
            Documented
                .SelectMany(category => category.Rows)
                .OrderBy(row => int.Parse(row[0], CultureInfo.InvariantCulture))
                .Select(row => $"{row[0]} {row[1]} {row[2]}")
        );
    }

    [Fact]
    public void Every_event_is_under_the_category_of_its_package()
    {
        Assert.True(Documented.Length >= 3, "the categories are not where they were");
        foreach ((string category, string[][] rows) in Documented)
        {
            var libraries = LogEvent
                .All.Where(line => rows.Any(row => row[0] == $"{line.Id}"))
                .Select(line => line.Library);
            using var library = AssemblyDefinition.ReadAssembly(Assert.Single(libraries.Distinct()).Location);
            Assert.Contains(category, Operands<string>(library));
        }
    }

    [Fact]
    public void Every_event_and_category_that_a_document_names_is_one()
    {
        var unknown =
            from document in Document.All
            from line in document.Prose
            from match in Event().Matches(line).Concat(NamedCategory().Matches(line))
            let name = match.Groups[1].Value
            where LogEvent.All.All(known => $"{known.Id}" != name) && Documented.All(known => known.Category != name)
            select $"{document.Path}: {match.Value}";
        Assert.Empty(unknown);
    }

    private static IEnumerable<T> Operands<T>()
    {
        foreach (var reflected in Libraries.All)
        {
            using var library = AssemblyDefinition.ReadAssembly(reflected.Location);
            foreach (T operand in Operands<T>(library))
                yield return operand;
        }
    }

    private static IEnumerable<T> Operands<T>(AssemblyDefinition library) =>
        library
            .MainModule.GetTypes()
            .SelectMany(type => type.Methods)
            .Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions)
            .Select(instruction => instruction.Operand)
            .OfType<T>();

    [GeneratedRegex(@"^## Log category `([^`]+)`$")]
    private static partial Regex Category();

    [GeneratedRegex(@"\bcategory `(SymRatchet[^`]*)`")]
    private static partial Regex NamedCategory();

    [GeneratedRegex(@"\bevents? (\d+)")]
    private static partial Regex Event();
}
