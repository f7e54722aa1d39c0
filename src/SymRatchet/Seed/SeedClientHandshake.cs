using System.Buffers;
using System.Globalization;
using System.Text;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>The client's side of round 0: hello out, challenge in.</summary>
internal static class SeedClientHandshake
{
    internal static HandshakeState Start(ClientId id, int maxRecordSize, RandomSource random) =>
        new ClientKeyNeeded(id, maxRecordSize, random);

    private sealed class ClientKeyNeeded(ClientId id, int maxRecordSize, RandomSource random) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            if (
                key is not { Protocol: ChannelProtocol.Seed, Role: ChannelRole.Client }
                || !byte.TryParse(Id.Bytes, NumberStyles.None, CultureInfo.InvariantCulture, out byte clientId)
            )
                return new Refused(SecureChannelError.KeyStore, "the store holds no seed client key for this id");

            SeedSession session = new(ChannelRole.Client, clientId, key.EpochKey, maxRecordSize, random);
            byte[] payload = Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"Hello from client {clientId}")
            );
            byte[] hello = new byte[session.GetSealedLength(payload.Length)];
            session.Seal(payload, hello);
            return new SendNeeded(hello, new ExpectServerChallenge(session));
        }
    }

    private sealed class ExpectServerChallenge(SeedSession session) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            session.Parse(buffer, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            byte[] payload = new byte[session.GetOpenedLength(frame.Length)];
            OpenResult result = session.Open(frame, payload);
            return result.Status == OpenStatus.Message ? new Established(session) : SeedRefusal.Of(session, result);
        }

        public override void Dispose() => session.Dispose();
    }
}
