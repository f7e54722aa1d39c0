using Mono.Cecil;

namespace SymRatchet.Tests.Architecture;

/// <summary>A log line that nothing writes is a promise to operators that is not kept.</summary>
public sealed class LogTests
{
    [Theory]
    [InlineData(typeof(SecureChannel))]
    [InlineData(typeof(SymRatchet.Aggregation.AggregationServer))]
    public void Every_log_line_of_the_library_has_a_caller(Type inLibrary)
    {
        using var library = AssemblyDefinition.ReadAssembly(inLibrary.Assembly.Location);
        List<MethodDefinition> methods = [.. library.MainModule.GetTypes().SelectMany(type => type.Methods)];
        HashSet<string> called = [.. methods
            .Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions)
            .Select(instruction => instruction.Operand)
            .OfType<MethodReference>()
            .Select(method => method.FullName)];
        List<MethodDefinition> lines = [.. methods.Where(method => method.CustomAttributes.Any(a => a.AttributeType.Name == "LoggerMessageAttribute"))];
        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, line => !called.Contains(line.FullName));
    }
}
