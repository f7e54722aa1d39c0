using System.Reflection;
using SymRatchet.Crypto;

namespace SymRatchet.TestKit;

/// <summary>What can be reached from an object's fields, its own and those of what it holds.</summary>
internal static class Held
{
    /// <summary>The secrets that one object holds.</summary>
    internal static IEnumerable<byte[]> Values(SecretBytes secrets) =>
        Enumerable.Range(0, secrets.Count).Select(number => secrets[number].ToArray());

    internal static IEnumerable<SecretBytes> Secrets(object root) => Of<SecretBytes>(root);

    internal static IEnumerable<byte[]> Arrays(object root) => Of<byte[]>(root);

    internal static IEnumerable<T> Of<T>(object root) => Reachable(root).OfType<T>();

    // But not what it shares with others.
    private static HashSet<object> Reachable(object root)
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Stack<object> waiting = new([root]);
        while (waiting.TryPop(out object? current))
        {
            if (!seen.Add(current) || current is byte[] or string or Delegate or Type or TimeProvider or Task)
                continue;
            if (current is Array array)
            {
                foreach (object? item in array)
                {
                    if (item is not null && !item.GetType().IsPrimitive)
                        waiting.Push(item);
                }
            }

            for (Type? type = current.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            {
                foreach (
                    FieldInfo field in type.GetFields(
                        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                    )
                )
                {
                    if (
                        !field.FieldType.IsPointer
                        && !field.FieldType.IsPrimitive
                        && field.GetValue(current) is { } value
                    )
                        waiting.Push(value);
                }
            }
        }

        return seen;
    }
}
