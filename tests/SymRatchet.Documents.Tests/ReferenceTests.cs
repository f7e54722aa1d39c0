using System.Reflection;
using System.Xml.Linq;
using SymRatchet.Aggregation;
using SymRatchet.AspNetCore;
using SymRatchet.Connections;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// That every public member has documentation is the compiler's business; that it tells of every parameter is the
/// business here.
/// </summary>
public sealed class ReferenceTests
{
    public static TheoryData<Type> Libraries =>
        [
            typeof(SecureChannel),
            typeof(AggregationServer),
            typeof(SymRatchetHttpExtensions),
            typeof(SymRatchetConnectionExtensions),
            typeof(SqliteKeyStore),
            typeof(PostgreSqlKeyStore),
            typeof(DataProtectionKeyWrapper),
        ];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Every_parameter_of_every_public_method_is_documented(Type inLibrary)
    {
        XElement[] documented =
        [
            .. XElement.Load(Path.ChangeExtension(inLibrary.Assembly.Location, "xml")).Descendants("member"),
        ];
        var missing =
            from type in inLibrary.Assembly.GetExportedTypes()
            where !typeof(Delegate).IsAssignableFrom(type)
            from method in type.GetMembers(
                    BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly
                )
                .OfType<MethodBase>()
            where !IsWrittenByTheCompiler(method) && method.GetParameters().Length > 0
            where !documented.Any(member => Documents(member, type, method))
            let parameters = method.GetParameters().Select(parameter => parameter.Name)
            select $"{type}.{method.Name}({string.Join(", ", parameters)})";
        Assert.Empty(missing);
    }

    // Accessors and operators, what the compiler adds to records, and what says the same as the member that it
    // overrides.
    private static bool IsWrittenByTheCompiler(MethodBase method) =>
        (method.IsSpecialName && !method.IsConstructor)
        || method.Name is nameof(Equals) or "Deconstruct" or "PrintMembers"
        || method is MethodInfo { IsVirtual: true } overriding && overriding.GetBaseDefinition() != overriding;

    private static bool Documents(XElement member, Type type, MethodBase method)
    {
        string name = $"M:{type.FullName!.Replace('+', '.')}.{method.Name.Replace('.', '#')}";
        string id = member.Attribute("name")!.Value;
        return (
                id.StartsWith(name + "(", StringComparison.Ordinal)
                || id.StartsWith(name + "``", StringComparison.Ordinal)
            )
            && (
                member.Element("inheritdoc") is not null
                || method
                    .GetParameters()
                    .Select(parameter => parameter.Name)
                    .SequenceEqual(member.Elements("param").Select(parameter => parameter.Attribute("name")!.Value))
            );
    }
}
