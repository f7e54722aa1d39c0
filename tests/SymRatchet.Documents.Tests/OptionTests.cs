using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SymRatchet.Aggregation;
using SymRatchet.AspNetCore;
using SymRatchet.Documents.Tests.Code;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Tunnel;

namespace SymRatchet.Documents.Tests;

/// <summary>Every default that a document or a comment states is that of the code.</summary>
public sealed partial class OptionTests
{
    private static readonly Document Reference = new("docs/options.md");

    public static TheoryData<string> Types => [.. Option.All.Select(option => option.Type).Distinct()];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_reference_has_every_option_with_its_default(string type) =>
        Assert.Equal(
            Option
                .All.Where(option => option.Type == type)
                .Select(option => $"`{option.Name}` `{option.Shown}`")
                .Order(),
            Reference.Rows($"## `{type}`").Select(row => $"{row[0]} {row[1]}").Order()
        );

    [Fact]
    public void The_reference_has_no_other_type() =>
        Assert.Equal(
            Option.All.Select(option => $"## `{option.Type}`").Distinct().Order(),
            Reference.Prose.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Order()
        );

    /// <summary>
    /// Elsewhere a default stands beside the name of its option, as in <c>`Name` (10 s by default)</c>.
    /// </summary>
    [Fact]
    public void Every_number_that_is_said_to_be_a_default_is_that_of_the_option_before_it()
    {
        var wrong =
            from document in Document.All
            let text = string.Join(' ', document.Prose.Select(line => line.Trim()))
            from said in ByDefault().Matches(text)
            where
                !Named()
                    .Matches(text)
                    .Any(named => named.Index + named.Length == said.Index + said.Length && IsDefault(named))
            select $"{document.Path}: {said.Value}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_limits_of_the_protocol_that_are_options_have_the_defaults_of_theirs()
    {
        var rows = new Document("docs/protocol.md")
            .Rows("## 8. Limits")
            .Where(row => row[2].Contains("option", StringComparison.Ordinal));
        Assert.Equal(6, rows.Count());
        Assert.All(
            rows,
            row =>
            {
                string name = row[2].Split('`')[1];
                Assert.Contains(
                    Option.All,
                    option => option.Name == name && option.Shown == row[1].Split(", at most")[0]
                );
            }
        );
    }

    [Fact]
    public void The_comment_of_an_option_states_its_default()
    {
        var silent =
            from option in Option.All
            let expected = InWords(option.Default).ToArray()
            where expected.Length > 0
            let comment = Comment(option.Property)
            where
                !expected.Any(words =>
                    Regex.IsMatch(comment, $@"(?<![\d.,]){Regex.Escape(words)}(?![\d,]*\d)", RegexOptions.IgnoreCase)
                )
            select $"{option.Type}.{option.Name}: '{comment}' does not say '{expected[0]}'";
        Assert.Empty(silent);
    }

    [Fact]
    public void The_settings_of_a_web_server_and_their_defaults_are_those_of_its_guide()
    {
        Dictionary<string, string?> settings = [];
        foreach (string[] row in new Document("docs/aspnetcore.md").Rows("## Server"))
        {
            string[] keys = [.. Quoted().Matches(row[0].Split(", less")[0]).Select(match => match.Groups[1].Value)];
            string[] values = [.. Quoted().Matches(row[1]).Select(match => match.Groups[1].Value)];
            string parent = keys[0].Split(':')[0];
            for (int i = 0; i < values.Length; i++)
            {
                string key = i < keys.Length ? keys[i] : $"{parent}:{i}";
                settings[$"SymRatchet:{(key.StartsWith(':') ? parent + key : key)}"] = values[i];
            }
        }

        SecureChannelServerOptions read = Read(settings);
        SecureChannelServerOptions otherwise = Read([]);
        foreach (PropertyInfo property in Settable(typeof(SecureChannelServerOptions)))
            Assert.Equal(Values(property.GetValue(otherwise)), Values(property.GetValue(read)));

        // What is refused tells what there is.
        string[] documented = [.. settings.Keys.Select(key => key.Split(':')[1]).Distinct().Order()];
        Assert.Equal(documented, KnownBeside(settings, "SymRatchet:Nonsense"));
        string[] nested =
        [
            .. settings
                .Keys.Where(key => key.Contains("Limiter", StringComparison.Ordinal))
                .Select(key => key.Split(':')[2])
                .Order(),
        ];
        Assert.Equal(nested, KnownBeside(settings, "SymRatchet:HandshakeLimiter:Nonsense"));
    }

    /// <summary>Else a wrapper that hangs would be reported as a store that does not answer.</summary>
    [Fact]
    public void A_wrapper_is_given_up_before_the_health_check_gives_the_store_up()
    {
        Type check = typeof(SymRatchetServiceCollectionExtensions).Assembly.GetType(
            "SymRatchet.AspNetCore.KeyStoreHealthCheck"
        )!;
        var limit = (TimeSpan)check.GetField("Limit", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        Option[] wrappers = [.. Option.All.Where(option => option.Name == "WrapperTimeout")];
        Assert.Equal(2, wrappers.Length);
        Assert.All(wrappers, option => Assert.True((TimeSpan)option.Default! < limit, option.Type));
    }

    public static TheoryData<Type> Classes =>
        [
            .. Libraries
                .All.SelectMany(library => library.GetExportedTypes())
                .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && !type.IsAbstract),
        ];

    /// <summary>One style for all: a class that is set, and copied by whoever reads it.</summary>
    [Theory]
    [MemberData(nameof(Classes))]
    public void A_copy_of_options_has_every_one_of_them(Type type)
    {
        object options = Activator.CreateInstance(type)!;
        PropertyInfo[] properties = type.GetProperties();
        foreach (PropertyInfo property in properties)
        {
            Assert.DoesNotContain(
                typeof(IsExternalInit),
                property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers()
            );
            property.SetValue(options, Other(property.PropertyType, property.GetValue(options)));
        }

        object copy = Activator.CreateInstance(type, options)!;
        Assert.All(properties, property => Assert.Equal(property.GetValue(options), property.GetValue(copy)));
    }

    private static object Other(Type type, object? value) =>
        value switch
        {
            bool isOn => !isOn,
            int number => number + 1,
            long number => number + 1,
            TimeSpan time => time + TimeSpan.FromSeconds(1),
            string text => text + "x",
            _ when type == typeof(string) => "x",
            IList<string> => new List<string> { "x" },
            IList<TunnelRoute> => new List<TunnelRoute> { new() { Id = "x" } },
            Enum kind => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(kind)),
            TimeProvider => new OtherTime(),
            IReadOnlyList<CipherSuiteId> => new[] { CipherSuiteId.Aes256Gcm },
            Delegate => Delegate.Combine((Delegate)value, (Delegate)value)!,
            _ when type == typeof(ClientId?) => new ClientId("x"u8),
            _ when type.IsInterface => DispatchProxy.Create(type, typeof(Silent)),
            _ when typeof(Delegate).IsAssignableFrom(type) => Observer,
            _ => RuntimeHelpers.GetUninitializedObject(type),
        };

    private static readonly Action<RoundEvent> Observer = _ => { };

    private sealed class OtherTime : TimeProvider;

#pragma warning disable CA1852 // DispatchProxy derives from it
    private class Silent : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
    }
#pragma warning restore CA1852

    private static IEnumerable<string> KnownBeside(Dictionary<string, string?> settings, string nonsense)
    {
        string message = Assert
            .Throws<OptionsValidationException>(() => Read(new(settings) { [nonsense] = "1" }))
            .Message;
        return message.Split("there are ")[1].TrimEnd('.').Split(", ").Order();
    }

    private static SecureChannelServerOptions Read(Dictionary<string, string?> settings)
    {
        ServiceCollection services = new();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging().AddSymRatchet(options => options.Keys = new InMemoryKeyStore(ChannelRole.Server));
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value;
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties()
            .Where(property =>
                property.SetMethod is { IsPublic: true }
                && property.Name is not ("Keys" or "ChannelRegistry" or "LoggerFactory")
            );

    // Of a limiter its limits; of anything else the value itself.
    private static object?[] Values(object? value) =>
        value is HandshakeLimiter
            ? [.. Settable(value.GetType()).Select(property => property.GetValue(value))]
            : [value];

    private static bool IsDefault(Match named)
    {
        string[] name = named.Groups[1].Value.Split('.');
        Option[] meant =
        [
            .. Option.All.Where(option => option.Name == name[^1] && (name.Length == 1 || option.Type == name[0])),
        ];
        return meant.Length > 0 && meant.All(option => option.Shown == named.Groups[2].Value);
    }

    private static IEnumerable<string> InWords(object? value)
    {
        switch (value)
        {
            case bool isOn:
                yield return isOn ? "on by default" : "off by default";
                yield return isOn ? "the default is true" : "the default is false";
                break;
            case TimeSpan time when time == Timeout.InfiniteTimeSpan:
                yield return "InfiniteTimeSpan, the default";
                yield return "the default is InfiniteTimeSpan";
                break;
            case TimeSpan time:
                (double count, string unit) =
                    time >= TimeSpan.FromMinutes(1) ? (time.TotalMinutes, "minute")
                    : time >= TimeSpan.FromSeconds(1) ? (time.TotalSeconds, "second")
                    : (time.TotalMilliseconds, "millisecond");
                string units = count == 1 ? unit : unit + "s";
                yield return string.Create(CultureInfo.InvariantCulture, $"{count} {units} by default");
                yield return string.Create(CultureInfo.InvariantCulture, $"the default is {count} {units}");
                if (count == 1)
                    yield return $"one {units} by default";
                break;
            case 0:
                yield return "0, the default";
                yield return "the default is 0";
                break;
            case int or long:
                yield return string.Create(CultureInfo.InvariantCulture, $"{value:N0} by default");
                yield return string.Create(CultureInfo.InvariantCulture, $"{value} by default");
                yield return string.Create(CultureInfo.InvariantCulture, $"the default is {value:N0}");
                yield return string.Create(CultureInfo.InvariantCulture, $"the default is {value}");
                if (Convert.ToInt64(value, CultureInfo.InvariantCulture) is var bytes && bytes % (1 << 20) == 0)
                {
                    yield return $"{bytes >> 20} MiB by default";
                    yield return $"the default is {bytes >> 20} MiB";
                }

                break;
        }
    }

    private static string Comment(PropertyInfo property)
    {
        Type type = property.DeclaringType!;
        XElement comment = XElement
            .Load(Path.ChangeExtension(type.Assembly.Location, "xml"), LoadOptions.PreserveWhitespace)
            .Descendants("member")
            .Single(member => member.Attribute("name")!.Value == $"P:{type.FullName}.{property.Name}");
        foreach (XElement reference in comment.Descendants("see").ToArray())
            reference.ReplaceWith(
                (reference.Attribute("cref") ?? reference.Attribute("langword"))!.Value.Split('.')[^1]
            );
        return Spaces().Replace(comment.Value, " ").Trim();
    }

    [GeneratedRegex(@"\d[\d.,]*(?: [A-Za-z]+)? by default")]
    private static partial Regex ByDefault();

    [GeneratedRegex(@"`([A-Za-z.]+)`(?:,| \() ?([\d.,]+(?: [A-Za-z]+)?) by default")]
    private static partial Regex Named();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
