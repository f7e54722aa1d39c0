namespace SymRatchet.Primitives;

/// <summary>Every label of protocol 1. Those that <see cref="Hkdf.Expand"/> takes are prefixed by it.</summary>
internal static class Labels
{
    internal static ReadOnlySpan<byte> Prefix => "symratchet/1 "u8;

    internal static ReadOnlySpan<byte> Import => "symratchet/1 import"u8;

    internal static ReadOnlySpan<byte> Session => "symratchet/1 session"u8;

    internal static ReadOnlySpan<byte> Step => "symratchet/1 step"u8;

    /// <summary><see cref="Step"/>, filled up with zeros to a nonce of AEGIS-256.</summary>
    internal static ReadOnlySpan<byte> StepNonce => "symratchet/1 step\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    internal static ReadOnlySpan<byte> Identity => "identity"u8;

    internal static ReadOnlySpan<byte> Epoch => "epoch"u8;

    internal static ReadOnlySpan<byte> NextEpoch => "next epoch"u8;

    internal static ReadOnlySpan<byte> Hello => "hello"u8;

    internal static ReadOnlySpan<byte> Challenge => "challenge"u8;

    internal static ReadOnlySpan<byte> ServerFinished => "server finished"u8;

    internal static ReadOnlySpan<byte> ClientFinished => "client finished"u8;

    internal static ReadOnlySpan<byte> ClientToServer => "c2s"u8;

    internal static ReadOnlySpan<byte> ServerToClient => "s2c"u8;
}
