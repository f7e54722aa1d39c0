using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SymRatchet.TestKit;

/// <summary>
/// Looks for a secret's text in all of this process's memory that can be written, on Linux. The search knows what
/// comes before the text and the
/// text's hash, so it finds no copy of its own.
/// </summary>
public static unsafe class MemorySearch
{
    /// <summary>The length of 32 bytes in base64.</summary>
    public const int TextLength = 44;

    private const int PieceSize = 1 << 20;

    /// <summary>How often the text occurs after its prefix.</summary>
    public static int Count(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> hashOfText)
    {
        byte* piece = (byte*)NativeMemory.Alloc(PieceSize);
        try
        {
            int count = 0;
            using FileStream memory = new(
                "/proc/self/mem",
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite,
                bufferSize: 0
            );
            foreach ((long start, long end) in Regions())
                count += CountIn(memory, start, end, new Span<byte>(piece, PieceSize), (long)piece, prefix, hashOfText);
            return count;
        }
        finally
        {
            NativeMemory.Free(piece);
        }
    }

    private static int CountIn(
        FileStream memory,
        long start,
        long end,
        Span<byte> piece,
        long own,
        ReadOnlySpan<byte> prefix,
        ReadOnlySpan<byte> hashOfText
    )
    {
        int count = 0;
        int overlap = prefix.Length + TextLength - 1;
        for (long at = start; at < end; at += PieceSize - overlap)
        {
            int length = (int)Math.Min(PieceSize, end - at);
            try
            {
                memory.Position = at;
                length = memory.Read(piece[..length]);
            }
            catch (IOException)
            {
                break; // was given back meanwhile
            }

            for (int from = 0; piece[from..length].IndexOf(prefix) is >= 0 and int found; )
            {
                int text = from + found + prefix.Length;
                from = text;
                bool isOwn = at + text >= own && at + text < own + PieceSize;
                if (
                    !isOwn
                    && text + TextLength <= length
                    && SHA256.HashData(piece.Slice(text, TextLength)).AsSpan().SequenceEqual(hashOfText)
                )
                    count++;
            }
        }

        return count;
    }

    private static List<(long Start, long End)> Regions() =>
        [
            .. from line in File.ReadAllLines("/proc/self/maps")
            let fields = line.Split(' ')
            where fields[1].StartsWith("rw", StringComparison.Ordinal)
            let range = fields[0].Split('-')
            select (
                long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            ),
        ];
}
