using System.Globalization;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using SymRatchet.Tunnel;

namespace SymRatchet.Documents.Tests.Code;

/// <summary>A property that users set, and what it is where they do not.</summary>
internal sealed record Option(PropertyInfo Property, object? Default)
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>
    /// Those of every public type that is made without arguments to be set, of their base types, and of the
    /// reconnecting client.
    /// </summary>
    internal static Option[] All { get; } =
    [.. Libraries.All.SelectMany(library => library.GetExportedTypes()).SelectMany(Of)];

    internal string Name => Property.Name;

    internal string Type => Property.DeclaringType!.Name;

    /// <summary>The default as the documents write it.</summary>
    internal string Shown =>
        Default switch
        {
            null => "null",
            bool value => value ? "true" : "false",
            string value => value,
            Enum value => value.ToString(),
            TimeSpan value when value == Timeout.InfiniteTimeSpan => "Timeout.InfiniteTimeSpan",
            TimeSpan value when value >= TimeSpan.FromMinutes(1) => Invariant($"{value.TotalMinutes} min"),
            TimeSpan value when value >= TimeSpan.FromSeconds(1) => Invariant($"{value.TotalSeconds} s"),
            TimeSpan value => Invariant($"{value.TotalMilliseconds} ms"),
            int value when value >= 1 << 20 && value % (1 << 20) == 0 => Invariant($"{value >> 20} MiB"),
            int or long => Invariant($"{Default:N0}"),
            Func<ClientId, double> value => Invariant($"_ => {value(default)}"),
            IEnumerable<CipherSuiteId> value => string.Join(", ", value),
            _ => Constant(Default) ?? "new()",
        };

    private static IEnumerable<Option> Of(Type type)
    {
        PropertyInfo[] settable =
        [
            .. type.GetProperties(Own).Where(property => property.SetMethod is { IsPublic: true }),
        ];
        bool isData = type.IsDefined(typeof(RequiredMemberAttribute)) || typeof(Exception).IsAssignableFrom(type);
        return settable.Length == 0 || isData || Make(type) is not { } made
            ? []
            : settable.Select(property => new Option(property, property.GetValue(made)));
    }

    private static object? Make(Type type)
    {
        if (type == typeof(SecureChannelOptions))
            return new SecureChannelClientOptions();
        if (type == typeof(TunnelOptions))
            return new TunnelServerOptions();
        if (type == typeof(ReconnectingClient))
        {
            using PreSharedKey key = PreSharedKey.Generate("sensor-17");
            return new ReconnectingClient(new IPEndPoint(IPAddress.Loopback, 1), new() { Key = key });
        }

        return type.IsAbstract || type.GetConstructor([]) is null ? null : Activator.CreateInstance(type);
    }

    // The static property that has this very object, such as TimeProvider.System.
    private static string? Constant(object value) =>
        Libraries
            .All.SelectMany(library => library.GetExportedTypes())
            .Append(value.GetType())
            .Append(value.GetType().BaseType!)
            .Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetMembers(BindingFlags.Public | BindingFlags.Static))
            .Where(member => ReferenceEquals(Read(member), value))
            .Select(member => $"{member.DeclaringType!.Name}.{member.Name}")
            .FirstOrDefault();

    private static object? Read(MemberInfo member) =>
        member switch
        {
            PropertyInfo { PropertyType.IsValueType: false } property => property.GetValue(null),
            FieldInfo { FieldType.IsValueType: false } field => field.GetValue(null),
            _ => null,
        };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
