namespace SymRatchet.Protocol1;

/// <summary>The labels of protocol 1 (docs/protocol.md, 3, 5 and 6).</summary>
internal static class Labels
{
    internal static ReadOnlySpan<byte> Import => "symratchet/1 import"u8;

    internal static ReadOnlySpan<byte> Session => "symratchet/1 session"u8;

    internal static ReadOnlySpan<byte> Step => "symratchet/1 step"u8;

    internal static ReadOnlySpan<byte> Identity => "symratchet/1 identity"u8;

    internal static ReadOnlySpan<byte> Epoch => "symratchet/1 epoch"u8;

    internal static ReadOnlySpan<byte> NextEpoch => "symratchet/1 next epoch"u8;

    internal static ReadOnlySpan<byte> Hello => "symratchet/1 hello"u8;

    internal static ReadOnlySpan<byte> Challenge => "symratchet/1 challenge"u8;

    internal static ReadOnlySpan<byte> ServerFinished => "symratchet/1 server finished"u8;

    internal static ReadOnlySpan<byte> ClientFinished => "symratchet/1 client finished"u8;

    internal static ReadOnlySpan<byte> ClientToServer => "symratchet/1 c2s"u8;

    internal static ReadOnlySpan<byte> ServerToClient => "symratchet/1 s2c"u8;
}
