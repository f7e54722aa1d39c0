using System.Buffers;
using SymRatchet.Exploration.Machine;

namespace SymRatchet.Exploration.World;

/// <summary>
/// A pool that gives every array once. It keeps what comes back, so that a write after the return is seen, and looks
/// for plaintext in it.
/// </summary>
internal sealed class CheckingPool(Scheduler scheduler, Func<ReadOnlyMemory<byte>, bool> holdsPlaintext)
    : ArrayPool<byte>
{
    private const byte Rented = 0xA7;
    private const byte Returned = 0xD1;

    private readonly List<byte[]> _out = [];
    private readonly List<byte[]> _back = [];
    private readonly List<string> _faults = [];

    public override byte[] Rent(int minimumLength)
    {
        scheduler.Yield("rent");
        byte[] array = new byte[Math.Max(16, minimumLength)];
        array.AsSpan().Fill(Rented);
        _out.Add(array);
        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        scheduler.Yield("return");
        if (!_out.Remove(array))
        {
            _faults.Add(_back.Contains(array) ? "returned twice" : "returned, but not rented here");
            return;
        }

        if (clearArray)
            Array.Clear(array);
        if (holdsPlaintext(array))
            _faults.Add("returned with plaintext");
        array.AsSpan().Fill(Returned);
        _back.Add(array);
    }

    /// <summary>What was done wrong so far.</summary>
    internal IEnumerable<string> Faults() =>
        _faults.Concat(
            _back
                .Where(array => array.AsSpan().ContainsAnyExcept(Returned))
                .Select(_ => "written to after it was returned")
        );
}
