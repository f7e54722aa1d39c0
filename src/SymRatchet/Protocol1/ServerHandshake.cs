using System.Buffers;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The server's handshake of protocol 1. Whoever has no key of the identity hears nothing at all; who has it but not
/// the root key of the claimed epoch can move no store.
/// </summary>
internal static class ServerHandshake
{
    private static readonly ulong TakesInit = V1Transitions.Takes(ChannelRole.Server, ProtocolPhase.Init);
    private static readonly ulong TakesConfirming = V1Transitions.Takes(ChannelRole.Server, ProtocolPhase.Confirming);

    internal static HandshakeState Start(HandshakeSettings settings) => new ExpectClientHello(settings);

    private sealed class ExpectClientHello(HandshakeSettings settings) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, TakesInit, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            Consume();
            return ClientHello.TryParse(frame, out ClientHello hello)
                ? new HelloKeyNeeded(new ClientId(hello.Id), frame.ToArray(), settings)
                : new Refused(SecureChannelError.Malformed, "no hello of this protocol");
        }
    }

    private sealed class HelloKeyNeeded(ClientId id, byte[] frame, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            var hello = ClientHello.Parse(frame);

            // Whoever has no key costs two macs, whether the id is unknown, has one key or two.
            StoredKey? used =
                Verifies(hello, key) ? key
                : Verifies(hello, key?.Successor) ? key!.Successor
                : null;
            if (used is null)
                return new Refused(SecureChannelError.Authentication, "the hello does not verify");

            CipherSuite? suite = ChooseSuite(hello.Suites, key!);
            if (
                suite is null
                || hello.HasExtensions
                || hello.Evolution != (byte)used.Evolution
                || hello.Epoch >= EpochChain.LastEpoch
                || (used.Evolution == KeyEvolution.None && hello.Epoch != 0)
            )
            {
                return new Refused(
                    SecureChannelError.UnexpectedMessage,
                    "the hello offers nothing that this server takes"
                );
            }

            return new HelloAdmission(
                new Challenger(Id, used.Serial, frame, (long)hello.Epoch, suite, settings),
                used.Copy()
            );
        }

        private bool Verifies(in ClientHello hello, StoredKey? candidate)
        {
            bool usable = candidate is { Protocol: ChannelProtocol.V1, Role: ChannelRole.Server };
            Span<byte> identityKey = stackalloc byte[DecoyKey.Size];
            try
            {
                DecoyKey.Derive(Id.Bytes, identityKey);
                if (usable)
                    candidate!.IdentityKey.CopyTo(identityKey);
                return HandshakeMacs.VerifyHello(identityKey, hello.BeforeMac, hello.Mac) && usable;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(identityKey);
            }
        }

        private CipherSuite? ChooseSuite(ReadOnlySpan<byte> offered, StoredKey key)
        {
            for (int i = 0; i < offered.Length; i++)
            {
                if (offered[(i + 1)..].Contains(offered[i]))
                    return null; // a repeated suite is malformed
            }

            foreach (CipherSuite suite in settings.Suites)
            {
                if (offered.Contains((byte)suite.Id) && key.Allows(suite.Id))
                    return suite;
            }

            return null;
        }
    }

    private sealed class HelloAdmission(Challenger challenger, StoredKey key) : AdmissionNeeded(key.Id)
    {
        internal override HandshakeState Admitted()
        {
            Consume();
            return challenger.EvaluateEpoch(key);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>What is known of one authentic hello, and what is done with it.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="serial">Which of the identity's keys the client uses.</param>
    /// <param name="hello">The hello as it arrived.</param>
    /// <param name="helloEpoch">The epoch that it claims.</param>
    /// <param name="suite">The suite that was chosen.</param>
    /// <param name="settings">What the handshake was told.</param>
    private sealed class Challenger(
        ClientId id,
        long serial,
        byte[] hello,
        long helloEpoch,
        CipherSuite suite,
        HandshakeSettings settings
    )
    {
        internal long HelloEpoch => helloEpoch;

        internal long Serial => serial;

        internal HandshakeState EvaluateEpoch(StoredKey key)
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
                return new Refused(
                    SecureChannelError.Limit,
                    $"a hello {ahead} epochs ahead, the limit is {settings.EpochLimit}"
                )
                {
                    Alarm = HandshakeAlarm.UnprovenEpoch,
                };
            }

            return ahead > 1 ? new CatchUpTurn(this, key) : CatchUp(key);
        }

        /// <summary>
        /// The client is ahead: its proof is checked before the store is moved, and the store is moved before anything
        /// is sent.
        /// </summary>
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

            return new AdvanceNeeded(id, serial, helloEpoch, epochKey, new ChallengeKeyNeeded(this, id))
            {
                Alarm = helloEpoch > behind.Epoch + 1 ? HandshakeAlarm.ServerStoreBehind : HandshakeAlarm.None,
            };
        }

        internal HandshakeState Challenge(StoredKey key)
        {
            // A session of the last epoch could not be followed by an advance.
            if (key.Epoch >= EpochChain.LastEpoch)
                return new Refused(
                    SecureChannelError.Limit,
                    "the epochs of this key are over; the client needs a new key"
                );

            Span<byte> nonce = stackalloc byte[ServerChallenge.NonceSize];
            settings.Random.Fill(nonce);
            byte[] transcript = new byte[hello.Length + ServerChallenge.Size];
            hello.CopyTo(transcript, 0);
            Span<byte> message = transcript.AsSpan(hello.Length);
            ServerChallenge.Write(message, (byte)suite.Id, (byte)key.Evolution, (ulong)key.Epoch, nonce);
            HandshakeMacs.Challenge(
                key.IdentityKey,
                transcript.AsSpan(..^(2 * ServerChallenge.MacSize)),
                message[^(2 * ServerChallenge.MacSize)..^ServerChallenge.MacSize]
            );

            // From here on the handshake holds the session's keys and no root key.
            SessionSecrets secrets = new(key.EpochKey, SHA256.HashData(transcript.AsSpan(..^ServerChallenge.MacSize)));
            secrets.ServerFinished(message[^ServerChallenge.MacSize..]);
            long nextEpoch = key.Evolution == KeyEvolution.None ? key.Epoch : key.Epoch + 1;
            return new SendNeeded(
                message.ToArray(),
                new ExpectClientConfirm(id, serial, key.Epoch, nextEpoch, suite, secrets, settings)
                {
                    AlarmIfProven = IsBehindUnexplained(key) ? HandshakeAlarm.ClientBehind : HandshakeAlarm.None,
                }
            );
        }

        // A client's store is ahead of the server's or level with it. Only a hello that was made before another session
        // of the identity ended can be behind, and no handshake lives longer than its time limit.
        private bool IsBehindUnexplained(StoredKey key) =>
            helloEpoch < key.Epoch
            && settings.ParallelWindow != Timeout.InfiniteTimeSpan
            && key.LastSeen is { } moved
            && settings.Time.GetUtcNow() - moved > settings.ParallelWindow;

        private bool ProofVerifies(ReadOnlySpan<byte> epochKey)
        {
            var parsed = ClientHello.Parse(hello);
            return HandshakeMacs.VerifyHello(epochKey, parsed.BeforeProof, parsed.Proof);
        }

        private static Refused Unproven() =>
            new(SecureChannelError.Authentication, "the hello does not prove its root key");
    }

    private sealed class CatchUpTurn(Challenger challenger, StoredKey key) : LockNeeded(key.Id)
    {
        internal override HandshakeState Taken()
        {
            Consume();
            return challenger.CatchUp(key);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>
    /// Reads epoch and key again after the store moved: a parallel handshake may have moved it past the hello's epoch.
    /// </summary>
    private sealed class ChallengeKeyNeeded(Challenger challenger, ClientId id) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            return key?.OfSerial(challenger.Serial) is { } used && used.Epoch >= challenger.HelloEpoch
                ? challenger.Challenge(used)
                : new Refused(SecureChannelError.KeyStore, "the store did not move forward");
        }
    }

    private sealed class ExpectClientConfirm(
        ClientId id,
        long serial,
        long epoch,
        long nextEpoch,
        CipherSuite suite,
        SessionSecrets secrets,
        HandshakeSettings settings
    ) : FrameExpected
    {
        /// <summary>
        /// What the hello gives cause for. A hello can be replayed; only a confirm says that the client is there.
        /// </summary>
        internal HandshakeAlarm AlarmIfProven { get; init; }

        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, TakesConfirming, Limits.MaxHandshakeBody, out frameLength);

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
            return new ConfirmedKeyNeeded(id, serial, nextEpoch, send, settings)
            {
                Alarm = AlarmIfProven,
                IsClientProven = true,
            };
        }

        public override void Dispose() => secrets.Dispose();
    }

    /// <summary>
    /// The client is proven. The store is read again, whether it moves or not: a key that was revoked meanwhile makes
    /// no session. It moves past the session's root key before the client is told so.
    /// </summary>
    private sealed class ConfirmedKeyNeeded(
        ClientId id,
        long serial,
        long nextEpoch,
        SendNeeded send,
        HandshakeSettings settings
    ) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            Consume();
            StoredKey? used = key?.OfSerial(serial);
            long behind = nextEpoch - (used?.Epoch ?? 0);
            if (used is null || behind > settings.EpochLimit)
            {
                send.Dispose();
                return new Refused(
                    SecureChannelError.KeyStore,
                    "the key was removed, replaced or put back during the handshake"
                );
            }

            if (behind <= 0 && used == key)
                return send; // the key does not evolve, or a parallel handshake was first

            // A key that is used for the first time takes the place of the one before it, even where it does not
            // evolve.
            SecretBytes epochKey = new(used.EpochKey);
            EpochChain.Walk(epochKey.Span, behind);
            return new AdvanceNeeded(Id, serial, Math.Max(nextEpoch, used.Epoch), epochKey, send);
        }

        public override void Dispose() => send.Dispose();
    }
}
