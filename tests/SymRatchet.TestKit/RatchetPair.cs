using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.TestKit;

/// <summary>
/// A client and a server session of protocol 1 over one session secret, ACTIVE, and the wire between them as arrays.
/// </summary>
internal sealed class RatchetPair : IDisposable
{
    internal RatchetPair(
        CipherSuiteId suite = CipherSuiteId.Aegis256,
        int maxRecordSize = 1 << 20,
        int paddingBlock = 0,
        byte secret = 1
    )
    {
        HandshakeSettings settings = new(
            [Suite(suite)],
            maxRecordSize,
            paddingBlock,
            Limits.EpochLimit,
            SendBeforeConfirm: false,
            RandomSource.System
        );
        byte[] root = [.. Enumerable.Repeat(secret, 32)];
        using SessionSecrets secrets = new(root, root);
        Client = new RatchetSession(ChannelRole.Client, "id", epoch: 0, settings.Suites[0], secrets, settings);
        Server = new RatchetSession(ChannelRole.Server, "id", epoch: 0, settings.Suites[0], secrets, settings);
        byte[] confirm = new byte[Server.MaxControlLength];
        Open(Client, confirm.AsSpan(0, Server.SealServerConfirm(confirm)));
    }

    internal RatchetSession Client { get; }

    internal RatchetSession Server { get; }

    internal static CipherSuite Suite(CipherSuiteId id) => CipherSuite.Get(id);

    internal (RatchetSession Sender, RatchetSession Receiver) Direction(bool fromServer) =>
        fromServer ? (Server, Client) : (Client, Server);

    internal static byte[] Seal(RatchetSession session, ReadOnlySpan<byte> message)
    {
        byte[] frame = new byte[session.GetSealedLength(message.Length)];
        int written = session.Seal(message, frame);
        return written == frame.Length
            ? frame
            : throw new InvalidOperationException("The sealed length was not as told.");
    }

    internal static byte[] Terminate(RatchetSession session, SecureChannelError reason)
    {
        byte[] frame = new byte[session.MaxControlLength];
        return frame[..session.SealTerminate(reason, frame)];
    }

    internal static (OpenResult Result, byte[] Payload, byte[] Whole) Open(
        RatchetSession session,
        ReadOnlySpan<byte> frame
    )
    {
        byte[] payload = new byte[session.GetOpenedLength(frame.Length) + 8];
        payload.AsSpan().Fill(0xEE);
        OpenResult result = session.Open(frame, payload);
        return (result, payload[..result.Length], payload);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
