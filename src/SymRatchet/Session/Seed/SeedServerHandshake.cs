using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SymRatchet.Primitives;

namespace SymRatchet.Session.Seed;

/// <summary>The server's side of round 0: hello in, challenge out.</summary>
internal static class SeedServerHandshake
{
    /// <summary>A hello names its sender in a line; nothing larger is waited for before a key was proven.</summary>
    private const int MaxHelloPayload = 1024;

    // Unknown ids get a key that nobody has, so that they fail at the same check and in the same way as a wrong key.
    private static readonly SecretBytes MadeUpKeySecret = MakeSecret();

    internal static HandshakeState Start(int maxMessageSize, RandomSource random, TimeProvider time) =>
        new ExpectClientHello(maxMessageSize, random, time);

    private static SecretBytes MakeSecret()
    {
        SecretBytes secret = new(SHA256.HashSizeInBytes);
        RandomNumberGenerator.Fill(secret.Span);
        return secret;
    }

    private sealed class ExpectClientHello(int maxMessageSize, RandomSource random, TimeProvider time) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            SeedFrame.Parse(buffer, Math.Min(maxMessageSize, MaxHelloPayload), out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            ReadOnlySpan<byte> message = frame[SeedFrame.PrefixSize..];
            var opcode = (SeedOpcode)message[SeedFrame.OpcodeOffset];
            if (opcode != SeedOpcode.ClientHello && !SeedTransitions.Table.TryMove(ChannelRole.Server, ProtocolPhase.Init, (byte)opcode, out _))
                return new Refused(SecureChannelError.UnexpectedMessage, $"opcode {(byte)opcode} in phase {ProtocolPhase.Init}");
            if (message.Length < SeedFrame.MinLength)
                return new Refused(SecureChannelError.Malformed, $"a hello of {message.Length} bytes");

            return new ServerKeyNeeded(message[SeedFrame.IdOffset], frame.ToArray(), maxMessageSize, random, time);
        }
    }

    private sealed class ServerKeyNeeded(byte clientId, byte[] hello, int maxMessageSize, RandomSource random, TimeProvider time)
        : KeyNeeded(PreSharedKey.SeedId(clientId))
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            Span<byte> masterKey = stackalloc byte[SHA256.HashSizeInBytes];
            try
            {
                HMACSHA256.HashData(MadeUpKeySecret.Span, [clientId], masterKey);
                if (key is { Protocol: ChannelProtocol.Seed, Role: ChannelRole.Server })
                    key.EpochKey.CopyTo(masterKey);
                return Verify(new SeedSession(ChannelRole.Server, clientId, masterKey[..PreSharedKey.SeedKeySize], maxMessageSize, random));
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
            byte[] payload = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ServerChallenge-{seconds:0.0##}"));
            byte[] challenge = new byte[session.GetSealedLength(payload.Length)];
            session.Seal(payload, challenge);
            return new SendNeeded(challenge, new Established(session));
        }
    }
}
