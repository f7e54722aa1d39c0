using SymRatchet.Crypto;
using SymRatchet.Seed;
using SymRatchet.Session;

namespace SymRatchet.TestKit;

/// <summary>
/// A client and a server session of the seed protocol over one key, and the wire between them as arrays.
/// </summary>
internal sealed class SeedPair
{
    internal SeedPair(byte id = 7, byte[]? masterKey = null, int maxMessageSize = 1 << 20)
    {
        masterKey ??= "client7_master_k"u8.ToArray();
        Client = new SeedSession(ChannelRole.Client, id, masterKey, maxMessageSize, RandomSource.System);
        Server = new SeedSession(ChannelRole.Server, id, masterKey, maxMessageSize, RandomSource.System);
    }

    internal SeedSession Client { get; }

    internal SeedSession Server { get; }

    /// <summary>A pair that has exchanged hello and challenge.</summary>
    internal static SeedPair Active(int maxMessageSize = 1 << 20)
    {
        SeedPair pair = new(maxMessageSize: maxMessageSize);
        pair.Round("hello"u8, "challenge"u8);
        return pair;
    }

    internal void Round(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response)
    {
        Expect(Open(Server, Seal(Client, request)), request);
        Expect(Open(Client, Seal(Server, response)), response);
    }

    internal static byte[] Seal(SeedSession session, ReadOnlySpan<byte> message)
    {
        byte[] frame = new byte[session.GetSealedLength(message.Length)];
        int written = session.Seal(message, frame);
        return written == frame.Length
            ? frame
            : throw new InvalidOperationException("The sealed length was not as told.");
    }

    internal static byte[] Terminate(SeedSession session, SecureChannelError reason)
    {
        byte[] frame = new byte[session.MaxControlLength];
        return frame[..session.SealTerminate(reason, frame)];
    }

    internal static (OpenResult Result, byte[] Payload, byte[] Whole) Open(
        SeedSession session,
        ReadOnlySpan<byte> frame
    )
    {
        byte[] payload = new byte[Math.Max(1, session.GetOpenedLength(frame.Length))];
        payload.AsSpan().Fill(0xEE);
        OpenResult result = session.Open(frame, payload);
        return (result, payload[..result.Length], payload);
    }

    internal static byte[][] Keys(SeedSession session) =>
        [
            session.ClientToServerKeys.EncryptionKey.ToArray(),
            session.ClientToServerKeys.MacKey.ToArray(),
            session.ServerToClientKeys.EncryptionKey.ToArray(),
            session.ServerToClientKeys.MacKey.ToArray(),
        ];

    private static void Expect((OpenResult Result, byte[] Payload, byte[] Whole) opened, ReadOnlySpan<byte> expected)
    {
        if (opened.Result.Status != OpenStatus.Message || !expected.SequenceEqual(opened.Payload))
            throw new InvalidOperationException($"The round failed: {opened.Result}");
    }
}
