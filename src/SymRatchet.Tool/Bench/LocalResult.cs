namespace SymRatchet.Tool.Bench;

/// <summary>What this machine does with one suite, without a network; rates in seconds.</summary>
/// <param name="Suite">The suite.</param>
/// <param name="HandshakesPerSecond">One after the other, both sides here.</param>
/// <param name="SealMessagesPerSecond">Messages of 64 bytes that one side seals.</param>
/// <param name="SealBytesPerSecond">Bytes in messages of 64 KiB that one side seals.</param>
/// <param name="ChannelBytesPerSecond">The same through a loopback connection, both sides here.</param>
internal sealed record LocalResult(
    string Suite,
    double HandshakesPerSecond,
    double SealMessagesPerSecond,
    double SealBytesPerSecond,
    double ChannelBytesPerSecond
)
{
    internal static readonly string[] Heading =
    [
        "SUITE",
        "HANDSHAKES",
        "SEAL, 64 BYTES",
        "SEAL, 64 KIB",
        "LOOPBACK, 64 KIB",
    ];

    internal string[] ToRow() =>
        [
            Suite,
            Rates.PerSecond(HandshakesPerSecond),
            Rates.MessagesPerSecond(SealMessagesPerSecond),
            Rates.BytesPerSecond(SealBytesPerSecond),
            Rates.BytesPerSecond(ChannelBytesPerSecond),
        ];
}
