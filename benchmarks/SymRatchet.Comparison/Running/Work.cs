namespace SymRatchet.Comparison.Running;

/// <summary>What a client asks of the server with the first byte on a connection.</summary>
internal enum Work : byte
{
    /// <summary>One byte back, and the connection stays.</summary>
    Echo = 1,

    /// <summary>Blocks of 64 KiB as a stream, until a marked one; then how many came.</summary>
    TakeStream,

    /// <summary>Messages of 64 bytes, until a marked one; then how many came.</summary>
    TakeMessages,

    /// <summary>One byte back, then each message of 64 bytes back, until a marked one.</summary>
    PingPong,
}
