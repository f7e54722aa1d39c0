using System.Security.Cryptography;

namespace SymRatchet.Samples;

/// <summary>
/// A running hash of all that passed on one wire. It moves with every message, as the keys do, and tells nothing about
/// them: whoever sees the wire can compute it. Thread-safe.
/// </summary>
public sealed class WireFingerprint
{
    private const int ShownBytes = 4;

    private readonly Lock _gate = new();
    private byte[] _hash = [];

    public void Add(ReadOnlySpan<byte> frame)
    {
        lock (_gate)
            _hash = SHA256.HashData([.. _hash, .. frame]);
    }

    public override string ToString()
    {
        lock (_gate)
            return Convert.ToHexStringLower(_hash.AsSpan(0, ShownBytes));
    }
}
