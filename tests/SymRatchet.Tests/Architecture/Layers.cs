using Mono.Cecil;
using Mono.Cecil.Cil;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>
/// The layers of src/SymRatchet. A type's layer is the folder of the file that bears its name; public types stand at
/// the root, for whoever reads the package, and count as part of whatever they use. What uses what is read from the
/// compiled assembly, so what the sources hide the compiler does not.
/// </summary>
internal static class Layers
{
    internal static readonly string[] BottomUp =
    [
        "Crypto",
        "Session",
        "Protocol1",
        "Seed",
        "Keys",
        "Diagnostics",
        "Channel",
        "Streams",
    ];

    private const string Root = ".";

    private static readonly Dictionary<string, string> FolderByTypeName = ReadFolders();
    private static readonly ModuleDefinition Module = ModuleDefinition.ReadModule(
        typeof(SecureChannel).Assembly.Location
    );

    /// <summary>Every pair of layers of which the first uses the second, if only through public types.</summary>
    internal static HashSet<(string From, string To)> Arrows() =>
        [.. from use in Uses() where use.From != use.To select (BottomUp[use.From], BottomUp[use.To])];

    /// <summary>
    /// Every use of a type in a layer by a type in a layer, and the public types that it leads through, if any.
    /// </summary>
    internal static IEnumerable<(string Path, int From, int To)> Uses() =>
        from type in Types()
        where !IsPublic(type)
        from reached in Reached(type, NameOf(type), [])
        where reached.Used != type
        select (reached.Path, LayerOf(type), LayerOf(reached.Used));

    /// <summary>The number of a type's layer, from below; -1 for a public type, and where it is in none.</summary>
    internal static int LayerOf(TypeDefinition type) => Array.IndexOf(BottomUp, FolderOf(type));

    internal static bool IsPublic(TypeDefinition type) => FolderOf(type) == Root;

    private static IEnumerable<(TypeDefinition Used, string Path)> Reached(
        TypeDefinition type,
        string path,
        HashSet<TypeDefinition> seen
    ) =>
        from used in Uses(type).Where(seen.Add)
        let further = $"{path} -> {NameOf(used)}"
        from reached in IsPublic(used) ? Reached(used, further, seen) : [(used, further)]
        select reached;

    private static string NameOf(TypeDefinition type) => $"{FolderOf(type)}/{type.Name}";

    private static string FolderOf(TypeDefinition type) =>
        FolderByTypeName.GetValueOrDefault(
            type.Name.Split('`')[0],
            type.Namespace.Contains("Generated", StringComparison.Ordinal) ? BottomUp[0] : ""
        );

    private static Dictionary<string, string> ReadFolders()
    {
        string source = Repository.PathOf("src", "SymRatchet");
        Dictionary<string, string> folders = [];
        foreach (string file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories))
        {
            string folder = Path.GetRelativePath(source, Path.GetDirectoryName(file)!).Replace('\\', '/');
            if (folder.Split('/')[0] is not ("obj" or "bin"))
                folders.Add(Path.GetFileNameWithoutExtension(file), folder);
        }

        return folders;
    }

    internal static IEnumerable<TypeDefinition> Types() =>
        Module.Types.Where(type => type.Namespace.StartsWith(nameof(SymRatchet), StringComparison.Ordinal));

    /// <summary>
    /// Everything that a type and the types nested in it name: bases, fields, signatures, and the operands of every
    /// instruction.
    /// </summary>
    internal static IEnumerable<TypeDefinition> Uses(TypeDefinition type) =>
        References(type)
            .SelectMany(Flatten)
            .Where(reference => reference.Scope == type.Module)
            .Select(reference => Outermost(reference.Resolve()))
            .Where(used => used.Namespace.StartsWith(nameof(SymRatchet), StringComparison.Ordinal));

    private static IEnumerable<TypeReference> References(TypeDefinition type)
    {
        IEnumerable<TypeReference?> named =
        [
            type.BaseType,
            .. type.Interfaces.Select(i => i.InterfaceType),
            .. type.CustomAttributes.Select(a => a.AttributeType),
            .. type.Fields.Select(f => f.FieldType),
            .. type.Methods.SelectMany(Signature),
            .. type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).SelectMany(Operands),
        ];
        return named.OfType<TypeReference>().Concat(type.NestedTypes.SelectMany(References));
    }

    private static IEnumerable<TypeReference?> Signature(MethodReference method) =>
        [method.ReturnType, .. method.Parameters.Select(p => p.ParameterType)];

    private static IEnumerable<TypeReference?> Operands(Instruction instruction) =>
        instruction.Operand switch
        {
            MethodReference method =>
            [
                method.DeclaringType,
                .. Signature(method),
                .. (method as GenericInstanceMethod)?.GenericArguments ?? [],
            ],
            FieldReference field => [field.DeclaringType, field.FieldType],
            TypeReference type => [type],
            _ => [],
        };

    private static IEnumerable<TypeReference> Flatten(TypeReference reference) =>
        reference switch
        {
            GenericInstanceType generic =>
            [
                .. Flatten(generic.ElementType),
                .. generic.GenericArguments.SelectMany(Flatten),
            ],
            TypeSpecification specification => Flatten(specification.ElementType),
            GenericParameter => [],
            _ => [reference],
        };

    private static TypeDefinition Outermost(TypeDefinition type) =>
        type.DeclaringType is null ? type : Outermost(type.DeclaringType);
}
