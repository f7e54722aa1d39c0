namespace SymRatchet.Seed;

/// <summary>
/// PKCS#7 padding to blocks of 16 bytes (RFC 5652, section 6.3), part of the protocol as in the original.
/// </summary>
internal static class Pkcs7
{
    /// <summary>Fills the bytes after the payload with their number.</summary>
    internal static void Pad(Span<byte> padded, int payloadLength) =>
        padded[payloadLength..].Fill((byte)(padded.Length - payloadLength));

    /// <summary>
    /// Checks the padding in constant time. The caller has verified the MAC, so the result reveals nothing to an
    /// attacker who does not hold the key.
    /// </summary>
    /// <returns>The length of the payload, or -1 if the padding is invalid.</returns>
    internal static int Unpad(ReadOnlySpan<byte> padded)
    {
        ReadOnlySpan<byte> block = padded[^SeedFrame.BlockSize..];
        int count = block[^1];

        // Each term is negative exactly when its condition fails: count is at least 1, count is at most 16.
        int bad = (count - 1) | (SeedFrame.BlockSize - count);
        bad >>= 31;
        for (int i = 1; i <= SeedFrame.BlockSize; i++)
        {
            int counts = (i - 1 - count) >> 31; // all ones where i <= count
            bad |= counts & (block[^i] ^ count);
        }

        int wrong = (bad | -bad) >> 31; // all ones where any bit of bad is set
        return (padded.Length - count) | wrong;
    }
}
