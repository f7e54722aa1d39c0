using System.Buffers;
using System.Security.Cryptography;
using SymRatchet.Primitives;
using SymRatchet.Ratchet;
using SymRatchet.Wire;

namespace SymRatchet.Session;

/// <summary>
/// The server's handshake of protocol 1. Whoever has no key of the identity hears nothing at all; who has it but not the root key of
/// the claimed epoch can move no store.
/// </summary>
internal static class ServerHandshake
{
    internal static HandshakeState Start(HandshakeSettings settings) => new ExpectClientHello(settings);

    private sealed class ExpectClientHello(HandshakeSettings settings) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            return ClientHello.TryParse(frame, out ClientHello hello)
                ? new HelloKeyNeeded(hello.Id.ToArray(), frame.ToArray(), settings)
                : new Refused(SecureChannelError.Malformed, "no hello of this protocol");
        }
    }

    private sealed class HelloKeyNeeded(byte[] id, byte[] frame, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            var hello = ClientHello.Parse(frame);
            bool usable = key is { Protocol: ChannelProtocol.V1, Role: ChannelRole.Server };
            Span<byte> identityKey = stackalloc byte[MadeUpKey.Size];
            try
            {
                MadeUpKey.Derive(id, identityKey);
                if (usable)
                    key!.IdentityKey.CopyTo(identityKey);
                if (!HandshakeMacs.VerifyHello(identityKey, hello.BeforeMac, hello.Mac) || !usable)
                    return new Refused(SecureChannelError.Authentication, "the hello does not verify");
            }
            finally
            {
                CryptographicOperations.ZeroMemory(identityKey);
            }

            CipherSuite? suite = ChooseSuite(hello.Suites);
            if (suite is null || hello.HasExtensions || hello.Evolution != (byte)key!.Evolution || hello.Epoch >= EpochChain.LastEpoch
                || (key.Evolution == KeyEvolution.None && hello.Epoch != 0))
            {
                return new Refused(SecureChannelError.UnexpectedMessage, "the hello offers nothing that this server takes");
            }

            return new HelloAdmission(new Challenger(id, frame, (long)hello.Epoch, suite, settings), key.Copy(), hello.Nonce.ToArray());
        }

        private CipherSuite? ChooseSuite(ReadOnlySpan<byte> offered)
        {
            for (int i = 0; i < offered.Length; i++)
            {
                if (offered[(i + 1)..].Contains(offered[i]))
                    return null; // a repeated suite is malformed
            }

            foreach (CipherSuite suite in settings.Suites)
            {
                if (offered.Contains((byte)suite.Id))
                    return suite;
            }

            return null;
        }
    }

    private sealed class HelloAdmission(Challenger challenger, StoredKey key, byte[] nonce)
        : AdmissionNeeded(key.Id, nonce, isBehind: challenger.HelloEpoch < key.Epoch)
    {
        internal override HandshakeState Admitted()
        {
            Consume();
            return challenger.Judge(key);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>What is known of one authentic hello, and what is done with it.</summary>
    private sealed class Challenger(byte[] id, byte[] hello, long helloEpoch, CipherSuite suite, HandshakeSettings settings)
    {
        internal long HelloEpoch => helloEpoch;

        internal HandshakeState Judge(StoredKey key)
        {
            long ahead = helloEpoch - key.Epoch;
            if (ahead <= 0)
            {
                using (key)
                    return ahead < 0 || ProofVerifies(key.EpochKey) ? Challenge(key) : Unproven();
            }

            if (ahead > settings.EpochLimit)
            {
                key.Dispose();
                return new Refused(SecureChannelError.Limit, $"a hello {ahead} epochs ahead, the limit is {settings.EpochLimit}") { Alarm = HandshakeAlarm.UnprovenEpoch };
            }

            return ahead > 1 ? new CatchUpTurn(this, key) : CatchUp(key);
        }

        /// <summary>The client is ahead: its proof is checked before the store is moved, and the store is moved before anything is sent.</summary>
        internal HandshakeState CatchUp(StoredKey key)
        {
            using StoredKey behind = key;
            SecretBytes epochKey = new(behind.EpochKey);
            EpochChain.Walk(epochKey.Span, helloEpoch - behind.Epoch);
            if (!ProofVerifies(epochKey.Span))
            {
                epochKey.Dispose();
                return Unproven();
            }

            return new AdvanceNeeded(id, helloEpoch, epochKey, new ChallengeKeyNeeded(this, id))
            {
                Alarm = helloEpoch > behind.Epoch + 1 ? HandshakeAlarm.ServerStoreBehind : HandshakeAlarm.None,
            };
        }

        internal SendNeeded Challenge(StoredKey key)
        {
            Span<byte> nonce = stackalloc byte[ServerChallenge.NonceSize];
            settings.Random.Fill(nonce);
            byte[] transcript = new byte[hello.Length + ServerChallenge.Size];
            hello.CopyTo(transcript, 0);
            Span<byte> message = transcript.AsSpan(hello.Length);
            ServerChallenge.Write(message, (byte)suite.Id, (byte)key.Evolution, (ulong)key.Epoch, nonce);
            HandshakeMacs.Challenge(
                key.IdentityKey, transcript.AsSpan(..^(2 * ServerChallenge.MacSize)), message[^(2 * ServerChallenge.MacSize)..^ServerChallenge.MacSize]);

            // From here on the handshake holds the session's keys and no root key.
            SessionSecrets secrets = new(key.EpochKey, SHA256.HashData(transcript.AsSpan(..^ServerChallenge.MacSize)));
            secrets.ServerFinished(message[^ServerChallenge.MacSize..]);
            return new SendNeeded(message.ToArray(), new ExpectClientConfirm(id, key.Epoch, key.Evolution, suite, secrets, settings));
        }

        private bool ProofVerifies(ReadOnlySpan<byte> epochKey)
        {
            var parsed = ClientHello.Parse(hello);
            return HandshakeMacs.VerifyHello(epochKey, parsed.BeforeProof, parsed.Proof);
        }

        private static Refused Unproven() => new(SecureChannelError.Authentication, "the hello does not prove its root key");
    }

    private sealed class CatchUpTurn(Challenger challenger, StoredKey key) : TurnNeeded(key.Id)
    {
        internal override HandshakeState Taken()
        {
            Consume();
            return challenger.CatchUp(key);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>Reads epoch and key again after the store moved: a parallel handshake may have moved it past the hello's epoch.</summary>
    private sealed class ChallengeKeyNeeded(Challenger challenger, byte[] id) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            return key is not null && key.Epoch >= challenger.HelloEpoch
                ? challenger.Challenge(key)
                : new Refused(SecureChannelError.KeyStore, "the store did not move forward");
        }
    }

    private sealed class ExpectClientConfirm(byte[] id, long epoch, KeyEvolution evolution, CipherSuite suite, SessionSecrets secrets, HandshakeSettings settings)
        : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            using SessionSecrets ended = secrets;
            if (!ClientConfirm.TryParse(frame, out ClientConfirm confirm))
                return new Refused(SecureChannelError.Malformed, "no confirm of this protocol");
            if (!ended.VerifyClientFinished(confirm.Header, confirm.Mac))
                return new Refused(SecureChannelError.Authentication, "the client did not prove the root key");

            RatchetSession session = new(ChannelRole.Server, id, epoch, suite, ended, settings);
            byte[] answer = new byte[session.MaxControlLength];
            int length = session.SealServerConfirm(answer);
            SendNeeded send = new(answer.AsMemory(0, length), new Established(session));
            return evolution == KeyEvolution.None ? send : new ConfirmedKeyNeeded(id, epoch + 1, send, settings);
        }

        public override void Dispose() => secrets.Dispose();
    }

    /// <summary>The client is proven; the store moves past the session's root key before the client is told so.</summary>
    private sealed class ConfirmedKeyNeeded(byte[] id, long nextEpoch, SendNeeded send, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            long behind = nextEpoch - (key?.Epoch ?? 0);
            if (key is null || behind > settings.EpochLimit)
            {
                send.Dispose();
                return new Refused(SecureChannelError.KeyStore, "the key was removed or put back during the handshake");
            }

            if (behind <= 0)
                return send; // a parallel handshake was first

            SecretBytes epochKey = new(key.EpochKey);
            EpochChain.Walk(epochKey.Span, behind);
            return new AdvanceNeeded(id, nextEpoch, epochKey, send);
        }

        public override void Dispose() => send.Dispose();
    }
}
