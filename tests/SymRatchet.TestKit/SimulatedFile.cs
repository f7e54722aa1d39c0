using SymRatchet.Keys;

namespace SymRatchet.TestKit;

/// <summary>
/// A file in memory that remembers what was written and when a wait for the disk was over, and from that computes what
/// a crash at any moment may leave.
/// </summary>
internal sealed class SimulatedFile : IRawFile
{
    private readonly List<(long Offset, byte[]? Content)> _journal = []; // a flush has no content
    private readonly byte[] _initial;
    private byte[] _bytes;

    internal SimulatedFile(byte[] bytes)
    {
        _initial = [.. bytes];
        _bytes = [.. bytes];
    }

    /// <summary>Asked before each write and flush, with how many there were: it may throw, or wait.</summary>
    internal Action<int>? Before { get; set; }

    /// <summary>Asked before each read: it may throw.</summary>
    internal Action? BeforeRead { get; set; }

    internal bool IsReplaced { get; set; }

    internal int Steps => _journal.Count;

    /// <summary>Whether all that was written is on the disk.</summary>
    internal bool IsSynced => _journal.Count == 0 || _journal[^1].Content is null;

    internal byte[] Bytes => [.. _bytes];

    public long Length => _bytes.Length;

    public void Read(Span<byte> content, long offset)
    {
        BeforeRead?.Invoke();
        content.Clear();
        if (offset < _bytes.Length)
            _bytes.AsSpan((int)offset..Math.Min(_bytes.Length, (int)offset + content.Length)).CopyTo(content);
    }

    public void Write(ReadOnlySpan<byte> content, long offset)
    {
        Before?.Invoke(_journal.Count);
        _journal.Add((offset, content.ToArray()));
        _bytes = Applied(_bytes, offset, content);
    }

    public void SetLength(long length) => Array.Resize(ref _bytes, (int)length);

    public void Flush()
    {
        Before?.Invoke(_journal.Count);
        _journal.Add((0, null));
    }

    public bool IsInPlace() => !IsReplaced;

    public void Dispose() { }

    /// <summary>
    /// What may be on the disk after a crash. Each write since the last flush is there wholly, up to any byte, from
    /// any byte, without any one sector, or not at all, whatever became of the others.
    /// </summary>
    /// <param name="from">The first step of the journal at which the crash may happen.</param>
    /// <param name="everyByte">Whether each byte is a place to tear a write, or its sectors' borders only.</param>
    internal IEnumerable<byte[]> CrashStates(int from = 0, bool everyByte = true)
    {
        byte[] durable = _initial;
        List<(long Offset, byte[] Content)> pending = [];
        for (int step = 0; step <= _journal.Count; step++)
        {
            if (step >= from)
            {
                foreach (byte[] state in Torn(durable, pending, everyByte))
                    yield return state;
            }

            if (step == _journal.Count)
                yield break;
            if (_journal[step].Content is { } content)
            {
                pending.Add((_journal[step].Offset, content));
                continue;
            }

            durable = pending.Aggregate(durable, (bytes, write) => Applied(bytes, write.Offset, write.Content));
            pending.Clear();
        }
    }

    // One write is torn in every way while each other one is there or not.
    private static IEnumerable<byte[]> Torn(byte[] durable, List<(long Offset, byte[] Content)> pending, bool everyByte)
    {
        yield return durable;
        for (int torn = 0; torn < pending.Count; torn++)
        {
            for (int others = 0; others < 1 << pending.Count; others++)
            {
                byte[] before = durable;
                for (int i = 0; i < pending.Count; i++)
                {
                    if (i != torn && (others & (1 << i)) != 0)
                        before = Applied(before, pending[i].Offset, pending[i].Content);
                }

                foreach (byte[] state in Torn(before, pending[torn].Offset, pending[torn].Content, everyByte))
                    yield return state;
            }
        }
    }

    private static IEnumerable<byte[]> Torn(byte[] before, long offset, byte[] content, bool everyByte)
    {
        const int sector = 512;
        for (int at = 0; at <= content.Length; at += everyByte ? 1 : Math.Max(1, Math.Min(sector, content.Length / 2)))
        {
            byte[] prefix = Applied(before, offset, content.AsSpan(..at));
            yield return prefix;
            if (prefix.Length < offset + content.Length)
                yield return [.. prefix, .. new byte[offset + content.Length - prefix.Length]]; // grown, and not filled
            yield return Applied(before, offset + at, content.AsSpan(at..));
        }

        for (int at = 0; at < content.Length; at += sector)
        {
            byte[] hole = Applied(before, offset, content);
            Span<byte> place = hole.AsSpan((int)offset + at).Slice(0, Math.Min(sector, content.Length - at));
            place.Clear();
            int known = Math.Clamp(before.Length - (int)offset - at, 0, place.Length);
            before.AsSpan(Math.Min(before.Length, (int)offset + at), known).CopyTo(place);
            yield return hole;
        }

        yield return Applied(before, offset, content);
    }

    private static byte[] Applied(byte[] bytes, long offset, ReadOnlySpan<byte> content)
    {
        byte[] applied = new byte[Math.Max(bytes.Length, content.IsEmpty ? 0 : (int)offset + content.Length)];
        bytes.CopyTo(applied, 0);
        content.CopyTo(applied.AsSpan(Math.Min((int)offset, applied.Length)));
        return applied;
    }
}
