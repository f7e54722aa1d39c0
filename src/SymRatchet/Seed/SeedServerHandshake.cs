using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>The server's side of round 0: hello in, challenge out.</summary>
internal static class SeedServerHandshake
{
    /// <summary>
    /// The largest hello: one line. Nothing larger is accepted from a peer that has not proven a key.
    /// </summary>
    private const int MaxHelloLength = 1024;

    internal static HandshakeState Start(int maxRecordSize, RandomSource random, TimeProvider time) =>
        new ExpectClientHello(maxRecordSize, random, time);

    private sealed class ExpectClientHello(int maxRecordSize, RandomSource random, TimeProvider time) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            SeedFrame.Parse(buffer, Math.Min(maxRecordSize, MaxHelloLength), out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            ReadOnlySpan<byte> message = frame[SeedFrame.PrefixSize..];
            var opcode = (SeedOpcode)message[SeedFrame.OpcodeOffset];
            if (
                opcode != SeedOpcode.ClientHello
                && !SeedTransitions.Table.TryMove(ChannelRole.Server, ProtocolPhase.Init, (byte)opcode, out _)
            )
                return new Refused(
                    SecureChannelError.UnexpectedMessage,
                    $"opcode {(byte)opcode} in phase {ProtocolPhase.Init}"
                );
            if (message.Length < SeedFrame.MinLength)
                return new Refused(SecureChannelError.Malformed, $"a hello of {message.Length} bytes");

            return new ServerKeyNeeded(message[SeedFrame.IdOffset], frame.ToArray(), maxRecordSize, random, time);
        }
    }

    private sealed class ServerKeyNeeded(
        byte clientId,
        byte[] hello,
        int maxRecordSize,
        RandomSource random,
        TimeProvider time
    ) : KeyNeeded(SeedKeys.IdOf(clientId))
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            Span<byte> masterKey = stackalloc byte[DecoyKey.Size];
            try
            {
                DecoyKey.Derive([clientId], masterKey);
                if (key is { Protocol: ChannelProtocol.Seed, Role: ChannelRole.Server })
                    key.EpochKey.CopyTo(masterKey);
                return Verify(
                    new SeedSession(ChannelRole.Server, clientId, masterKey[..SeedKeys.KeySize], maxRecordSize, random)
                );
            }
            finally
            {
                CryptographicOperations.ZeroMemory(masterKey);
            }
        }

        private HandshakeState Verify(SeedSession session)
        {
            OpenResult result = session.Open(hello, new byte[session.GetOpenedLength(hello.Length)]);
            if (result.Status != OpenStatus.Message)
                return SeedRefusal.Of(session, result);

            decimal seconds = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000m;
            byte[] payload = Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"ServerChallenge-{seconds:0.0##}")
            );
            byte[] challenge = new byte[session.GetSealedLength(payload.Length)];
            session.Seal(payload, challenge);
            return new SendNeeded(challenge, new Established(session));
        }
    }
}
