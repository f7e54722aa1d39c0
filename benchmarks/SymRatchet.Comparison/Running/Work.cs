namespace SymRatchet.Comparison.Running;

/// <summary>What a client asks of the server with the first number on a connection.</summary>
internal enum Work : long
{
    /// <summary>One number back, and the connection stays.</summary>
    Echo = 1,

    /// <summary>Blocks of 64 KiB as a stream, until a marked one; then how many came.</summary>
    TakeStream,

    /// <summary>Messages of 64 bytes, until a marked one; then how many came.</summary>
    TakeMessages,

    /// <summary>One number back, then each message of 64 bytes back, until a marked one.</summary>
    PingPong,
}
