using System.Reflection;
using System.Runtime.InteropServices;

namespace SymRatchet.Tests.Crypto;

/// <summary>
/// A native library is looked for where its package or the system puts it, and never in the folder in which a
/// program happens to run.
/// </summary>
public sealed class NativeImportTests
{
    private const BindingFlags All =
        BindingFlags.Static
        | BindingFlags.Instance
        | BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.DeclaredOnly;

    [Fact]
    public void Every_import_says_where_its_library_is_looked_for()
    {
        MethodInfo[] imports =
        [
            .. typeof(SecureChannel)
                .Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(All))
                .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)),
        ];
        Assert.Contains(imports, import => import.GetCustomAttribute<DllImportAttribute>()!.Value == "libsodium");
        Assert.Contains(imports, import => import.GetCustomAttribute<DllImportAttribute>()!.Value == "libc");
        Assert.DoesNotContain(imports, import => !IsSafe(SearchPath(import)));
    }

    private static DllImportSearchPath? SearchPath(MethodInfo import) =>
        (
            import.GetCustomAttribute<DefaultDllImportSearchPathsAttribute>()
            ?? import.Module.Assembly.GetCustomAttribute<DefaultDllImportSearchPathsAttribute>()
        )?.Paths;

    private static bool IsSafe(DllImportSearchPath? paths) =>
        paths is { } set
        && set.HasFlag(DllImportSearchPath.SafeDirectories)
        && (set & ~(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)) == 0;
}
