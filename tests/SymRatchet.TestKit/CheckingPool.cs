using System.Buffers;

namespace SymRatchet.TestKit;

/// <summary>
/// A pool that checks its users: what is given back is zeroed, is given back once, and is not written to afterwards. It
/// hands nothing out again, so whoever still writes to a returned array is found.
/// </summary>
public sealed class CheckingPool : ArrayPool<byte>
{
    private const byte Canary = 0xA5;

    private readonly Lock _gate = new();
    private readonly HashSet<byte[]> _rented = [];
    private readonly List<byte[]> _returned = [];
    private readonly List<string> _mistakes = [];

    public int Outstanding
    {
        get
        {
            lock (_gate)
                return _rented.Count;
        }
    }

    public override byte[] Rent(int minimumLength)
    {
        byte[] array = new byte[minimumLength];
        lock (_gate)
            _rented.Add(array);
        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        lock (_gate)
        {
            if (!_rented.Remove(array))
                _mistakes.Add("an array was given back twice");
            if (!clearArray && array.AsSpan().ContainsAnyExcept((byte)0))
                _mistakes.Add("an array was given back with what was in it");
            array.AsSpan().Fill(Canary);
            _returned.Add(array);
        }
    }

    /// <summary>What was done wrong so far.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        lock (_gate)
        {
            foreach (byte[] array in _returned)
            {
                if (array.AsSpan().ContainsAnyExcept(Canary))
                    _mistakes.Add("an array was written to after it was given back");
            }

            return [.. _mistakes];
        }
    }
}
