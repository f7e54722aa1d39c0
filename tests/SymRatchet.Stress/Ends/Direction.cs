using System.Buffers.Binary;

namespace SymRatchet.Stress.Ends;

/// <summary>
/// The bytes of one direction of one connection. Each is a function of its offset, so that a reader checks that what
/// it gets is exactly a prefix of what was sent, and takes an end only where the sender said so and all has come.
/// </summary>
internal sealed class Direction(ulong key)
{
    private long _offered;
    private long _received;
    private volatile bool _hasEnded;

    /// <summary>How much was given to a sending call so far.</summary>
    internal long Offered => Volatile.Read(ref _offered);

    internal long Received => Volatile.Read(ref _received);

    internal bool HasEnded => _hasEnded;

    /// <summary>Makes the bytes that are sent next. Said before they are sent.</summary>
    internal void Offer(Span<byte> bytes)
    {
        Fill(bytes, Offered);
        Interlocked.Add(ref _offered, bytes.Length);
    }

    /// <summary>Somebody else makes and sends so many, and then ends.</summary>
    internal void Offer(long count)
    {
        Interlocked.Add(ref _offered, count);
        End();
    }

    /// <summary>They were not sent after all, and none of them.</summary>
    internal void TakeBack(int length) => Interlocked.Add(ref _offered, -length);

    /// <summary>Said before the end is sent.</summary>
    internal void End() => _hasEnded = true;

    /// <returns>What is wrong; null where all is well.</returns>
    internal string? Take(ReadOnlySpan<byte> bytes)
    {
        long offset = Received;
        Span<byte> expected = stackalloc byte[1024];
        for (int done = 0; done < bytes.Length; )
        {
            Span<byte> piece = expected[..Math.Min(expected.Length, bytes.Length - done)];
            Fill(piece, offset + done);
            if (!piece.SequenceEqual(bytes.Slice(done, piece.Length)))
                return $"wrong bytes at {offset + done + piece.CommonPrefixLength(bytes.Slice(done, piece.Length))}";
            done += piece.Length;
        }

        Volatile.Write(ref _received, offset + bytes.Length);
        return offset + bytes.Length > Offered ? $"{offset + bytes.Length} bytes came, but {Offered} were sent" : null;
    }

    internal string? TakeEnd() =>
        !_hasEnded ? $"an end that nobody said, after {Received} of {Offered} bytes"
        : Received != Offered ? $"an end after {Received} of {Offered} bytes"
        : null;

    internal static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private void Fill(Span<byte> bytes, long offset)
    {
        Span<byte> block = stackalloc byte[8];
        while (!bytes.IsEmpty)
        {
            int start = (int)(offset & 7);
            BinaryPrimitives.WriteUInt64LittleEndian(block, Mix(key ^ (ulong)(offset >> 3)));
            int length = Math.Min(8 - start, bytes.Length);
            block.Slice(start, length).CopyTo(bytes);
            bytes = bytes[length..];
            offset += length;
        }
    }
}
