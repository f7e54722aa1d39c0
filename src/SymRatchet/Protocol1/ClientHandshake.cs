using System.Buffers;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The client's handshake of protocol 1: hello, challenge, advance the store, confirm, confirm. The store moves before
/// the confirm leaves, so that a server that hears it may believe that the root key is forgotten here.
/// </summary>
internal static class ClientHandshake
{
    private static readonly ulong TakesInit = V1Transitions.Takes(ChannelRole.Client, ProtocolPhase.Init);
    private static readonly ulong TakesConfirming = V1Transitions.Takes(ChannelRole.Client, ProtocolPhase.Confirming);

    internal static HandshakeState Start(ClientId id, HandshakeSettings settings) => new HelloKeyNeeded(id, settings);

    private sealed class HelloKeyNeeded(ClientId id, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            if (key is not { Protocol: ChannelProtocol.V1, Role: ChannelRole.Client })
                return new Refused(SecureChannelError.KeyStore, "the store holds no client key for this id");

            byte[] suites = [.. settings.Suites.Where(suite => key.Allows(suite.Id)).Select(suite => (byte)suite.Id)];
            if (suites.Length == 0)
                return new Refused(SecureChannelError.KeyStore, "the store allows this id none of the suites");
            byte[] nonce = new byte[ClientHello.NonceSize];
            settings.Random.Fill(nonce);
            byte[] hello = new byte[ClientHello.LengthOf(suites.Length, Id.Length)];
            ClientHello.Write(hello, suites, (byte)key.Evolution, (ulong)key.Epoch, nonce, Id.Bytes);
            HandshakeMacs.Hello(
                key.EpochKey,
                hello.AsSpan(..^(2 * ClientHello.MacSize)),
                hello.AsSpan(^(2 * ClientHello.MacSize)..^ClientHello.MacSize)
            );
            HandshakeMacs.Hello(
                key.IdentityKey,
                hello.AsSpan(..^ClientHello.MacSize),
                hello.AsSpan(^ClientHello.MacSize..)
            );
            return new SendNeeded(hello, new ExpectServerChallenge(hello, key.Copy(), settings));
        }
    }

    /// <summary>
    /// Keeps the root key of the hello's epoch until the challenge is dealt with: a parallel handshake may have moved
    /// the store on.
    /// </summary>
    private sealed class ExpectServerChallenge(byte[] hello, StoredKey key, HandshakeSettings settings) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, TakesInit, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            if (!ServerChallenge.TryParse(frame, out ServerChallenge challenge))
                return Refuse(SecureChannelError.Malformed, "no challenge of this protocol");

            // Only somebody with the identity's key can ask for the work that follows.
            if (!HandshakeMacs.VerifyChallenge(key.IdentityKey, [.. hello, .. challenge.BeforeMacId], challenge.MacId))
                return Refuse(SecureChannelError.Authentication, "the challenge does not verify");

            byte suiteId = challenge.Suite;
            CipherSuite? suite = settings.Suites.FirstOrDefault(offered =>
                (byte)offered.Id == suiteId && key.Allows(offered.Id)
            );
            if (suite is null || challenge.Evolution != (byte)key.Evolution || challenge.HasExtensions)
                return Refuse(SecureChannelError.UnexpectedMessage, "the challenge chooses what was not offered");

            ulong ahead = challenge.Epoch - (ulong)key.Epoch;
            if (challenge.Epoch < (ulong)key.Epoch || (key.Evolution == KeyEvolution.None && challenge.Epoch != 0))
                return Refuse(SecureChannelError.UnexpectedMessage, "the challenge is of an epoch that is over");
            if (ahead > (ulong)settings.EpochLimit || challenge.Epoch >= EpochChain.LastEpoch)
                return Refuse(
                    SecureChannelError.Limit,
                    $"the server is {ahead} epochs ahead, the limit is {settings.EpochLimit}; a client needs a store "
                        + "that lasts, or a new key"
                );

            Prover prover = new(hello, frame.ToArray(), key, suite, settings);
            return ahead > 1 ? new ProofTurn(prover, key) : prover.Prove();
        }

        public override void Dispose() => key.Dispose();

        private Refused Refuse(SecureChannelError error, string detail)
        {
            key.Dispose();
            return new Refused(error, detail);
        }
    }

    private sealed class ProofTurn(Prover prover, StoredKey key) : LockNeeded(key.Id)
    {
        internal override HandshakeState Taken()
        {
            Consume();
            return prover.Prove();
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>Derives the challenge's root key, checks the server's proof and makes the client's own.</summary>
    private sealed class Prover(
        byte[] hello,
        byte[] challengeFrame,
        StoredKey key,
        CipherSuite suite,
        HandshakeSettings settings
    )
    {
        internal HandshakeState Prove()
        {
            using StoredKey root = key;
            var challenge = ServerChallenge.Parse(challengeFrame);
            long epoch = (long)challenge.Epoch;
            SecretBytes epochKey = new(root.EpochKey);
            EpochChain.Walk(epochKey.Span, epoch - root.Epoch);

            using SessionSecrets secrets = new(epochKey.Span, SHA256.HashData([.. hello, .. challenge.BeforeMacS]));
            if (!secrets.VerifyServerFinished(challenge.MacS))
            {
                epochKey.Dispose();
                return new Refused(SecureChannelError.Authentication, "the server did not prove the root key");
            }

            byte[] confirm = new byte[ClientConfirm.Size];
            ClientConfirm.WriteHeader(confirm);
            secrets.ClientFinished(confirm.AsSpan(..FrameHeader.Size), confirm.AsSpan(FrameHeader.Size..));
            RatchetSession session = new(ChannelRole.Client, root.Id, epoch, suite, secrets, settings);
            SendNeeded send = new(
                confirm,
                settings.SendBeforeConfirm ? new Established(session) : new ExpectServerConfirm(session)
            );
            EpochChain.Walk(epochKey.Span, 1);
            return new StoreRead(root.Id, root.Serial, epoch, epochKey, send);
        }
    }

    /// <summary>
    /// Reads the store once more before it is moved: a challenge ahead of it means that it was put back, or that the
    /// key has a second owner. A key that was revoked or replaced meanwhile makes no session, also where it does not
    /// evolve.
    /// </summary>
    private sealed class StoreRead(ClientId id, long serial, long epoch, SecretBytes nextEpochKey, SendNeeded send)
        : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            if (key?.Serial != serial)
            {
                Dispose();
                return new Refused(SecureChannelError.KeyStore, "the key was removed or replaced during the handshake");
            }

            if (key.Evolution == KeyEvolution.None)
            {
                nextEpochKey.Dispose();
                return send;
            }

            return new AdvanceNeeded(Id, serial, epoch + 1, nextEpochKey, send)
            {
                Alarm = epoch > key.Epoch ? HandshakeAlarm.ClientStoreBehind : HandshakeAlarm.None,
            };
        }

        public override void Dispose()
        {
            nextEpochKey.Dispose();
            send.Dispose();
        }
    }

    private sealed class ExpectServerConfirm(RatchetSession session) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, TakesConfirming, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            OpenResult result = session.Open(frame, new byte[session.GetOpenedLength(frame.Length)]);
            if (result.Status == OpenStatus.Control && session.Phase == ProtocolPhase.Active)
                return new Established(session);

            session.Dispose();
            return new Refused(result.Error, result.Detail!);
        }

        public override void Dispose() => session.Dispose();
    }
}
