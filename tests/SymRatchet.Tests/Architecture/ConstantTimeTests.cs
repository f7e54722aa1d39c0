using System.Security.Cryptography;
using Mono.Cecil;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>
/// How long a comparison takes cannot be tested in a test's time; with what it is made can. Tags are compared by the
/// AEADs.
/// </summary>
public sealed class ConstantTimeTests
{
    private static readonly MethodDefinition[] Methods =
    [
        .. ModuleDefinition
            .ReadModule(typeof(SecureChannel).Assembly.Location)
            .GetTypes()
            .Where(type =>
                (type.DeclaringType ?? type).Namespace
                    is "SymRatchet.Protocol1"
                        or "SymRatchet.Session"
                        or "SymRatchet.Crypto"
            )
            .SelectMany(type => type.Methods)
            .Where(method => method.HasBody),
    ];

    [Fact]
    [Requirement("R2-2")]
    public void Every_MAC_is_compared_in_constant_time()
    {
        MethodDefinition[] verifying =
        [
            .. Methods.Where(method =>
                method.DeclaringType.Name is nameof(HandshakeMacs) or nameof(SessionSecrets)
                && method.Name.StartsWith("Verify", StringComparison.Ordinal)
            ),
        ];
        Assert.Equal(4, verifying.Length);
        Assert.All(
            verifying,
            method => Assert.Contains(nameof(CryptographicOperations.FixedTimeEquals), Called(method))
        );
        Assert.DoesNotContain(Methods, method => Called(method).Contains(nameof(MemoryExtensions.SequenceEqual)));
    }

    private static IEnumerable<string> Called(MethodDefinition method) =>
        method
            .Body.Instructions.Select(instruction => instruction.Operand)
            .OfType<MethodReference>()
            .Select(called => called.Name);
}
