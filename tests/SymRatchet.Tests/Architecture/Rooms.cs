using Mono.Cecil;
using Mono.Cecil.Cil;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>
/// The rooms of src/SymRatchet, lowest first. A type's room is the folder of the file that bears its name. What uses what is read from
/// the compiled assembly, so what the sources hide the compiler does not.
/// </summary>
internal static class Rooms
{
    internal static readonly string[] FromTheGround =
        ["Primitives", "Wire", "Ratchet", "Keys", "Session", "Session/Seed", "Diagnostics", "Channel", "Adapters"];

    private static readonly Dictionary<string, int> RoomByTypeName = ReadRooms();

    private static readonly ModuleDefinition Module = ModuleDefinition.ReadModule(typeof(SecureChannel).Assembly.Location);

    /// <summary>Every pair of rooms of which the first uses the second.</summary>
    internal static HashSet<(string From, string To)> Arrows() =>
    [
        .. from type in Types()
           from used in Uses(type).Distinct()
           where RoomOf(type) >= 0 && RoomOf(used) >= 0 && RoomOf(used) != RoomOf(type)
           select (FromTheGround[RoomOf(type)], FromTheGround[RoomOf(used)]),
    ];

    private static Dictionary<string, int> ReadRooms()
    {
        string source = Repository.PathOf("src", "SymRatchet");
        Dictionary<string, int> rooms = [];
        foreach (string file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories))
        {
            string folder = Path.GetRelativePath(source, Path.GetDirectoryName(file)!).Replace('\\', '/');
            if (!folder.StartsWith("obj", StringComparison.Ordinal) && !folder.StartsWith("bin", StringComparison.Ordinal))
                rooms.Add(Path.GetFileNameWithoutExtension(file), Array.IndexOf(FromTheGround, folder));
        }

        return rooms;
    }

    internal static IEnumerable<TypeDefinition> Types() =>
        Module.Types.Where(type => type.Namespace.StartsWith(nameof(SymRatchet), StringComparison.Ordinal));

    /// <summary>The number of a type's room, counted from the ground; -1 where it is in none.</summary>
    internal static int RoomOf(TypeDefinition type) =>
        RoomByTypeName.GetValueOrDefault(type.Name.Split('`')[0], type.Namespace.Contains("Generated", StringComparison.Ordinal) ? 0 : -1);

    /// <summary>Everything that a type and the types nested in it name: bases, fields, signatures, and the operands of every instruction.</summary>
    internal static IEnumerable<TypeDefinition> Uses(TypeDefinition type) =>
        References(type).SelectMany(Flatten)
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

    private static IEnumerable<TypeReference?> Operands(Instruction instruction) => instruction.Operand switch
    {
        MethodReference method => [method.DeclaringType, .. Signature(method), .. (method as GenericInstanceMethod)?.GenericArguments ?? []],
        FieldReference field => [field.DeclaringType, field.FieldType],
        TypeReference type => [type],
        _ => [],
    };

    private static IEnumerable<TypeReference> Flatten(TypeReference reference) => reference switch
    {
        GenericInstanceType generic => [.. Flatten(generic.ElementType), .. generic.GenericArguments.SelectMany(Flatten)],
        TypeSpecification specification => Flatten(specification.ElementType),
        GenericParameter => [],
        _ => [reference],
    };

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);
}
