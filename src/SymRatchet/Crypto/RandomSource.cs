using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// Where nonces and initialisation vectors come from. Outside of tests there is one source: the operating system.
/// </summary>
internal abstract class RandomSource
{
    internal static RandomSource System { get; } = new SystemRandomSource();

    internal abstract void Fill(Span<byte> destination);

    private sealed class SystemRandomSource : RandomSource
    {
        internal override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
