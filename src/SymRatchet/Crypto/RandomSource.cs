using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>The source of nonces and initialisation vectors: the operating system, except in tests.</summary>
internal abstract class RandomSource
{
    internal static RandomSource System { get; } = new SystemRandomSource();

    internal abstract void Fill(Span<byte> destination);

    private sealed class SystemRandomSource : RandomSource
    {
        internal override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
