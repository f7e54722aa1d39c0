using SymRatchet.Crypto;

namespace SymRatchet.TestKit;

/// <summary>Hands out given bytes in order, and refuses to make up more.</summary>
internal sealed class FixedRandom(params IEnumerable<byte[]> values) : RandomSource
{
    private readonly Queue<byte[]> _values = new(values);

    internal override void Fill(Span<byte> destination) => _values.Dequeue().CopyTo(destination);
}
