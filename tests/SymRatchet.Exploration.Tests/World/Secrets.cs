using System.Collections.Concurrent;
using System.Reflection;
using SymRatchet.Crypto;

namespace SymRatchet.Exploration.World;

/// <summary>Finds the keys that a channel still holds, through the library's own objects.</summary>
internal static class Secrets
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    internal static IEnumerable<SecretBytes> Of(ISecureChannel channel)
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Stack<object> waiting = new([channel]);
        while (waiting.TryPop(out object? current))
        {
            if (!seen.Add(current))
                continue;
            if (current is SecretBytes secret)
                yield return secret;
            foreach (FieldInfo field in Fields.GetOrAdd(current.GetType(), FieldsOf))
            {
                if (field.GetValue(current) is { } value)
                    waiting.Push(value);
            }
        }
    }

    private static FieldInfo[] FieldsOf(Type type) =>
        [
            .. Chain(type)
                .SelectMany(t =>
                    t.GetFields(
                        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                    )
                )
                .Where(IsOurs),
        ];

    private static IEnumerable<Type> Chain(Type type)
    {
        for (Type? t = type; t is not null && t.Assembly == typeof(SecretBytes).Assembly; t = t.BaseType)
            yield return t;
    }

    // What is shared with others, such as the list of all channels, is not the channel's.
    private static bool IsOurs(FieldInfo field) =>
        field.FieldType.Assembly == typeof(SecretBytes).Assembly
        && !field.FieldType.IsValueType
        && field.FieldType != typeof(ChannelRegistry);
}
