using System.Buffers;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The server's handshake of protocol 1 (docs/protocol.md, 5). A peer without the identity key gets no answer, and one
/// without the root key of the claimed epoch cannot move the store.
/// </summary>
internal static class ServerHandshake
{
    private static readonly ulong AcceptedInInit = V1Transitions.AcceptedOpcodes(
        ChannelRole.Server,
        ProtocolPhase.Init
    );
    private static readonly ulong AcceptedInConfirming = V1Transitions.AcceptedOpcodes(
        ChannelRole.Server,
        ProtocolPhase.Confirming
    );

    internal static HandshakeState Start(HandshakeSettings settings) => new ExpectClientHello(settings);

    private sealed class ExpectClientHello(HandshakeSettings settings) : FrameExpected
    {
        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, AcceptedInInit, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            return ClientHello.TryParse(frame, out ClientHello hello)
                ? new HelloKeyNeeded(new ClientId(hello.Id), frame.ToArray(), settings)
                : new Refused(SecureChannelError.Malformed, "not a CLIENT_HELLO");
        }
    }

    private sealed class HelloKeyNeeded(ClientId id, byte[] frame, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            var hello = ClientHello.Parse(frame);

            // A hello that does not verify costs two MACs, whether the id is unknown, has one key or two.
            StoredKey? used =
                Verifies(hello, key) ? key
                : Verifies(hello, key?.Successor) ? key!.Successor
                : null;
            if (used is null)
                return new Refused(SecureChannelError.Authentication, "the hello does not verify");

            // The restrictions belong to the identity, not to one of its keys.
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
                    "the hello asks for a suite, epoch, evolution or extension that this server does not accept"
                );
            }

            VerifiedHello verified = new(Id, used.Serial, frame, (long)hello.Epoch, suite, settings);
            return new HelloAdmissionNeeded(verified, used.Copy());
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
                // The MAC, under the identity key.
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

    /// <summary>A hello authenticated by the identity key; its epoch is not proven yet.</summary>
    /// <param name="Id">The client's id.</param>
    /// <param name="Serial">Which of the identity's keys the client uses.</param>
    /// <param name="Frame">The hello as it arrived.</param>
    /// <param name="Epoch">The epoch that it claims.</param>
    /// <param name="Suite">The suite that was chosen.</param>
    /// <param name="Settings">The settings of the handshake.</param>
    private sealed record VerifiedHello(
        ClientId Id,
        long Serial,
        byte[] Frame,
        long Epoch,
        CipherSuite Suite,
        HandshakeSettings Settings
    );

    private sealed class HelloAdmissionNeeded(VerifiedHello hello, StoredKey key) : AdmissionNeeded(hello.Id)
    {
        internal override HandshakeState Admitted()
        {
            MarkUsed();
            long ahead = hello.Epoch - key.Epoch;
            if (ahead > 1 && ahead <= hello.Settings.EpochLimit)
                return new CatchUpLockNeeded(hello, key); // many epochs to derive: one core for each identity
            using (key)
            {
                if (ahead > 1)
                    return TooFarAhead(ahead);

                // One epoch ahead is normal: the client advanced, and its confirm or this server's advance was lost.
                if (ahead == 1)
                    return CatchUp(hello, key);

                // The root key of a past epoch is erased, so the proof of such a hello cannot be checked.
                if (ahead < 0 || ProofVerifies(hello, key.EpochKey))
                    return Challenge(hello, key);
                return Unproven();
            }
        }

        public override void Dispose() => key.Dispose();

        private Refused TooFarAhead(long ahead) =>
            new(
                SecureChannelError.Limit,
                $"the hello is {ahead} epochs ahead; the limit is {hello.Settings.EpochLimit}"
            )
            {
                Alarm = HandshakeAlarm.UnprovenEpoch,
            };
    }

    private sealed class CatchUpLockNeeded(VerifiedHello hello, StoredKey key) : LockNeeded(hello.Id)
    {
        internal override HandshakeState LockAcquired()
        {
            MarkUsed();
            using (key)
                return CatchUp(hello, key);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>
    /// Moves the store forward to a client that is ahead: after its proof was checked, and before anything is sent.
    /// </summary>
    private static HandshakeState CatchUp(VerifiedHello hello, StoredKey key)
    {
        SecretBytes epochKey = new(key.EpochKey);
        EpochChain.Walk(epochKey.Span, hello.Epoch - key.Epoch);
        if (!ProofVerifies(hello, epochKey.Span))
        {
            epochKey.Dispose();
            return Unproven();
        }

        return new AdvanceNeeded(hello.Id, hello.Serial, hello.Epoch, epochKey, new ChallengeKeyNeeded(hello))
        {
            Alarm = hello.Epoch > key.Epoch + 1 ? HandshakeAlarm.ServerStoreBehind : HandshakeAlarm.None,
        };
    }

    private static bool ProofVerifies(VerifiedHello hello, ReadOnlySpan<byte> epochKey)
    {
        var parsed = ClientHello.Parse(hello.Frame);
        // The proof, under the root key of the hello's epoch.
        return HandshakeMacs.VerifyHello(epochKey, parsed.BeforeProof, parsed.Proof);
    }

    private static Refused Unproven() =>
        new(SecureChannelError.Authentication, "the hello does not prove its root key");

    /// <summary>
    /// Reads epoch and key again after the advance, since a parallel handshake may have moved the store past the
    /// hello's epoch. If the store did not move, there is no session.
    /// </summary>
    private sealed class ChallengeKeyNeeded(VerifiedHello hello) : KeyNeeded(hello.Id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            return key?.OfSerial(hello.Serial) is { } used && used.Epoch >= hello.Epoch
                ? Challenge(hello, used)
                : new Refused(SecureChannelError.KeyStore, "the store did not move forward");
        }
    }

    private static HandshakeState Challenge(VerifiedHello hello, StoredKey key)
    {
        // After a session of the last epoch the store could not advance.
        if (key.Epoch >= EpochChain.LastEpoch)
            return new Refused(
                SecureChannelError.Limit,
                "the key has reached its last epoch; the client needs a new key"
            );

        Span<byte> nonce = stackalloc byte[ServerChallenge.NonceSize];
        hello.Settings.Random.Fill(nonce);
        byte[] transcript = new byte[hello.Frame.Length + ServerChallenge.Size];
        hello.Frame.CopyTo(transcript, 0);
        Span<byte> message = transcript.AsSpan(hello.Frame.Length);
        ServerChallenge.Write(message, (byte)hello.Suite.Id, (byte)key.Evolution, (ulong)key.Epoch, nonce);
        HandshakeMacs.Challenge(
            key.IdentityKey,
            transcript.AsSpan(..^(2 * ServerChallenge.MacSize)),
            message[^(2 * ServerChallenge.MacSize)..^ServerChallenge.MacSize]
        );

        // From here on the handshake holds the session's keys but no root key.
        SessionSecrets secrets = new(key.EpochKey, SHA256.HashData(transcript.AsSpan(..^ServerChallenge.MacSize)));
        secrets.ServerFinished(message[^ServerChallenge.MacSize..]);
        long nextEpoch = key.Evolution == KeyEvolution.None ? key.Epoch : key.Epoch + 1;
        return new SendNeeded(
            message.ToArray(),
            new ExpectClientConfirm(hello, key.Epoch, nextEpoch, secrets)
            {
                AlarmIfProven = IsUnexpectedlyBehind(hello, key) ? HandshakeAlarm.ClientBehind : HandshakeAlarm.None,
            }
        );
    }

    // A client advances before the server. So a hello is behind only if it was sent before a parallel session of the
    // same identity completed, at most one handshake timeout ago (docs/protocol.md, 5.9).
    private static bool IsUnexpectedlyBehind(VerifiedHello hello, StoredKey key) =>
        hello.Epoch < key.Epoch
        && hello.Settings.ParallelWindow != Timeout.InfiniteTimeSpan
        && key.LastSeen is { } moved
        && hello.Settings.Time.GetUtcNow() - moved > hello.Settings.ParallelWindow;

    private sealed class ExpectClientConfirm(VerifiedHello hello, long epoch, long nextEpoch, SessionSecrets secrets)
        : FrameExpected
    {
        private RatchetSession? _session;
        private ReadOnlyMemory<byte> _answer;

        /// <summary>The alarm to raise once the client is proven: a hello can be replayed, a confirm cannot.</summary>
        internal HandshakeAlarm AlarmIfProven { get; init; }

        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, AcceptedInConfirming, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            if (Verify(frame) is { } refused)
            {
                Dispose();
                return refused;
            }

            using (secrets)
                Prepare();
            SendNeeded send = new(_answer, new Established(_session!));
            return new ConfirmedKeyNeeded(hello, nextEpoch, send) { Alarm = AlarmIfProven, IsClientProven = true };
        }

        /// <summary>
        /// Creates the session and SERVER_CONFIRM, which is sent only if CLIENT_CONFIRM verifies and the store has
        /// moved.
        /// </summary>
        internal override void Prepare()
        {
            if (_session is not null)
                return;
            _session = new RatchetSession(ChannelRole.Server, hello.Id, epoch, hello.Suite, secrets, hello.Settings);
            byte[] answer = new byte[_session.MaxControlLength];
            _answer = answer.AsMemory(0, _session.SealServerConfirm(answer));
        }

        public override void Dispose()
        {
            secrets.Dispose();
            _session?.Dispose();
        }

        /// <summary>Returns the refusal of a confirm; null if it verifies.</summary>
        private Refused? Verify(ReadOnlySpan<byte> frame) =>
            !ClientConfirm.TryParse(frame, out ClientConfirm confirm)
                ? new Refused(SecureChannelError.Malformed, "not a CLIENT_CONFIRM")
            : !secrets.VerifyClientFinished(confirm.Header, confirm.Mac)
                ? new Refused(SecureChannelError.Authentication, "the client did not prove the root key")
            : null;
    }

    /// <summary>
    /// The client is proven. The store is read again in any case, so that a key revoked meanwhile gives no session, and
    /// it advances past the session's root key before SERVER_CONFIRM is sent.
    /// </summary>
    private sealed class ConfirmedKeyNeeded(VerifiedHello hello, long nextEpoch, SendNeeded send) : KeyNeeded(hello.Id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            StoredKey? used = key?.OfSerial(hello.Serial);
            if (used is null || nextEpoch - used.Epoch > hello.Settings.EpochLimit)
            {
                send.Dispose();
                return new Refused(
                    SecureChannelError.KeyStore,
                    "the key was removed or replaced, or its store restored from a backup, during the handshake"
                );
            }

            long behind = nextEpoch - used.Epoch;
            bool isSuccessor = used != key;
            if (behind <= 0 && !isSuccessor)
                return send; // the key does not evolve, or a parallel handshake has advanced it

            // A successor that is used for the first time replaces its predecessor, even if it does not evolve: at 0 or
            // less behind, only the serial changes.
            SecretBytes epochKey = new(used.EpochKey);
            EpochChain.Walk(epochKey.Span, behind);
            return new AdvanceNeeded(Id, hello.Serial, Math.Max(nextEpoch, used.Epoch), epochKey, send);
        }

        public override void Dispose() => send.Dispose();
    }
}
