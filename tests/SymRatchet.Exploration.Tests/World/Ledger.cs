namespace SymRatchet.Exploration.World;

/// <summary>One direction's messages as they were handed to the sender, against the bytes that came out.</summary>
internal sealed class Ledger(int salt)
{
    private const int Recognisable = 6;

    private readonly List<Message> _messages = [];
    private int _current;
    private int _offset;

    internal int Delivered { get; private set; }

    /// <summary>Makes the next message; no two begin with the same byte.</summary>
    internal Message Next(int length)
    {
        int number = _messages.Count + 1;
        Message message = new([.. Enumerable.Range(0, length).Select(i => (byte)(salt + 7 * number + 13 * i))]);
        _messages.Add(message);
        return message;
    }

    /// <summary>Takes delivered bytes.</summary>
    /// <returns>
    /// False where they are not what comes next. A message whose send did not succeed may be missing as a whole.
    /// </returns>
    internal bool TryDeliver(ReadOnlySpan<byte> bytes)
    {
        foreach (byte delivered in bytes)
        {
            if (_current < _messages.Count && _offset == _messages[_current].Bytes.Length)
                (_current, _offset) = (_current + 1, 0);
            while (
                _offset == 0
                && _current < _messages.Count
                && _messages[_current].MayBeMissing
                && _messages[_current].Bytes[0] != delivered
            )
                _current++;
            if (_current == _messages.Count || _messages[_current].Bytes[_offset] != delivered)
                return false;
            _offset++;
            Delivered++;
        }

        return true;
    }

    /// <summary>Whether every message of which this is asked came out whole.</summary>
    internal bool IsComplete(Func<Message, bool> isAsked)
    {
        int first = _current < _messages.Count && _offset == _messages[_current].Bytes.Length ? _current + 1 : _current;
        return !_messages.Skip(first).Any(isAsked);
    }

    /// <summary>A flush, or what flushes, has succeeded.</summary>
    internal void Flushed()
    {
        foreach (Message message in _messages)
            message.IsFlushed = !message.MayBeMissing;
    }

    internal bool IsIn(ReadOnlySpan<byte> bytes)
    {
        foreach (Message message in _messages)
        {
            if (bytes.IndexOf(message.Bytes.AsSpan(0, Math.Min(Recognisable, message.Bytes.Length))) >= 0)
                return true;
        }

        return false;
    }
}

internal sealed record Message(byte[] Bytes)
{
    /// <summary>Cleared once the call that sent it has succeeded.</summary>
    internal bool MayBeMissing { get; set; } = true;

    /// <summary>Set once a flush after it has succeeded: nothing more is needed for it to arrive.</summary>
    internal bool IsFlushed { get; set; }
}
