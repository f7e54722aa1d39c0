using System.Reflection;

namespace SymRatchet.TestKit;

/// <summary>Where the sources are, for tests that read them.</summary>
public static class Repository
{
    public static string Root { get; } =
        typeof(Repository)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == "RepositoryRoot")
            .Value!;

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);
}
