namespace SymRatchet.PropertyTests.Session;

/// <summary>The attacker's choices within a <see cref="WireChange"/>; FsCheck makes them up.</summary>
/// <param name="OtherRunsFirst">
/// Whether the other handshake that he recorded is over before this one starts, or runs in the middle of it.
/// </param>
/// <param name="Position">Where a message is flipped, cut or spliced, in 256ths of its length.</param>
/// <param name="Mask">What is flipped there.</param>
/// <param name="Choice">Which other message he takes.</param>
public sealed record Attack(bool OtherRunsFirst, byte Position, byte Mask, byte Choice)
{
    /// <summary>The bytes that pass in place of a message, never the message itself.</summary>
    internal byte[] Change(
        WireChange change,
        byte[] message,
        IReadOnlyList<byte[]> others,
        IReadOnlyList<byte[]> foreign
    )
    {
        int position = Position * message.Length / 256;
        return change switch
        {
            WireChange.Flip => Flipped(message, position),
            WireChange.Cut => message[..position],
            WireChange.Repeat => [.. message, .. message],
            WireChange.Swap => [.. others[Choice % others.Count], .. message],
            _ => Spliced(message, position, foreign.First(other => other[0] == message[0])),
        };
    }

    private byte[] Flipped(byte[] message, int position)
    {
        byte[] flipped = [.. message];
        flipped[position] ^= Math.Max(Mask, (byte)1);
        return flipped;
    }

    // Two messages may end alike; then the last byte that passes is flipped.
    private byte[] Spliced(byte[] message, int position, byte[] other)
    {
        byte[] spliced = [.. message[..position], .. other[position..]];
        return spliced.AsSpan().SequenceEqual(message) ? Flipped(message, message.Length - 1) : spliced;
    }
}
