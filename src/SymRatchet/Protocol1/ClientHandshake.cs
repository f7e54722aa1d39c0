using System.Buffers;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The client's handshake of protocol 1 (docs/protocol.md, 5). The store advances before CLIENT_CONFIRM is sent, so
/// that a server that receives it knows that the client has erased the root key.
/// </summary>
internal static class ClientHandshake
{
    private static readonly ulong AcceptedInInit = V1Transitions.AcceptedOpcodes(
        ChannelRole.Client,
        ProtocolPhase.Init
    );
    private static readonly ulong AcceptedInConfirming = V1Transitions.AcceptedOpcodes(
        ChannelRole.Client,
        ProtocolPhase.Confirming
    );

    internal static HandshakeState Start(ClientId id, HandshakeSettings settings) => new HelloKeyNeeded(id, settings);

    private sealed class HelloKeyNeeded(ClientId id, HandshakeSettings settings) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
            if (key is not { Protocol: ChannelProtocol.V1, Role: ChannelRole.Client })
                return new Refused(SecureChannelError.KeyStore, "the store holds no client key for this id");

            byte[] suites = [.. settings.Suites.Where(suite => key.Allows(suite.Id)).Select(suite => (byte)suite.Id)];
            if (suites.Length == 0)
                return new Refused(SecureChannelError.KeyStore, "the store allows this id none of the suites");
            byte[] nonce = new byte[ClientHello.NonceSize];
            settings.Random.Fill(nonce);
            byte[] hello = new byte[ClientHello.LengthOf(suites.Length, Id.Length)];
            ClientHello.Write(hello, suites, (byte)key.Evolution, (ulong)key.Epoch, nonce, Id.Bytes);
            // The proof, under the root key.
            HandshakeMacs.Hello(
                key.EpochKey,
                hello.AsSpan(..^(2 * ClientHello.MacSize)),
                hello.AsSpan(^(2 * ClientHello.MacSize)..^ClientHello.MacSize)
            );
            // The MAC, under the identity key.
            HandshakeMacs.Hello(
                key.IdentityKey,
                hello.AsSpan(..^ClientHello.MacSize),
                hello.AsSpan(^ClientHello.MacSize..)
            );
            return new SendNeeded(hello, new ExpectServerChallenge(hello, key.Copy(), settings));
        }
    }

    /// <summary>
    /// Keeps the root key of the hello's epoch until the challenge was processed, since a parallel handshake may have
    /// moved the store forward.
    /// </summary>
    private sealed class ExpectServerChallenge(byte[] hello, StoredKey key, HandshakeSettings settings) : FrameExpected
    {
        private SecretBytes? _nextEpochKey;

        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, AcceptedInInit, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            if (Verify(frame, out VerifiedChallenge? challenge) is { } refused)
            {
                Dispose();
                return refused;
            }

            if (challenge!.Epoch > key.Epoch + 1)
            {
                _nextEpochKey?.Dispose();
                return new CatchUpLockNeeded(challenge, key);
            }

            using (key)
                return Prove(challenge, key, _nextEpochKey);
        }

        internal override void Prepare() => _nextEpochKey = NextAfter(key.EpochKey);

        public override void Dispose()
        {
            key.Dispose();
            _nextEpochKey?.Dispose();
        }

        /// <summary>Returns the refusal of a challenge; null if it verifies.</summary>
        private Refused? Verify(ReadOnlySpan<byte> frame, out VerifiedChallenge? verified)
        {
            verified = null;
            if (!ServerChallenge.TryParse(frame, out ServerChallenge challenge))
                return new Refused(SecureChannelError.Malformed, "not a SERVER_CHALLENGE");

            // Checked first, so that only a holder of the identity key can cause the derivations that follow.
            if (!HandshakeMacs.VerifyChallenge(key.IdentityKey, [.. hello, .. challenge.BeforeMacId], challenge.MacId))
                return new Refused(SecureChannelError.Authentication, "the challenge does not verify");

            byte suiteId = challenge.Suite;
            CipherSuite? suite = settings.Suites.FirstOrDefault(offered =>
                (byte)offered.Id == suiteId && key.Allows(offered.Id)
            );
            if (suite is null || challenge.Evolution != (byte)key.Evolution || challenge.HasExtensions)
                return new Refused(SecureChannelError.UnexpectedMessage, "the challenge selects what was not offered");

            if (key.Evolution == KeyEvolution.None && challenge.Epoch != 0)
                return new Refused(
                    SecureChannelError.UnexpectedMessage,
                    "the challenge has an epoch, but the key does not evolve"
                );
            if (challenge.Epoch < (ulong)key.Epoch)
                return new Refused(SecureChannelError.UnexpectedMessage, "the challenge is of a past epoch");
            ulong ahead = challenge.Epoch - (ulong)key.Epoch;
            if (ahead > (ulong)settings.EpochLimit || challenge.Epoch >= EpochChain.LastEpoch)
                return new Refused(
                    SecureChannelError.Limit,
                    $"the server is {ahead} epochs ahead; the limit is {settings.EpochLimit}. The client needs a "
                        + "durable store, or a new key"
                );

            verified = new VerifiedChallenge(hello, frame.ToArray(), (long)challenge.Epoch, suite, settings);
            return null;
        }
    }

    /// <summary>A challenge authenticated by the identity key; the root key is not proven yet.</summary>
    /// <param name="Hello">The hello that it answers.</param>
    /// <param name="Frame">The challenge as it arrived.</param>
    /// <param name="Epoch">The epoch of the session.</param>
    /// <param name="Suite">The suite that the server chose.</param>
    /// <param name="Settings">The settings of the handshake.</param>
    private sealed record VerifiedChallenge(
        byte[] Hello,
        byte[] Frame,
        long Epoch,
        CipherSuite Suite,
        HandshakeSettings Settings
    );

    private sealed class CatchUpLockNeeded(VerifiedChallenge challenge, StoredKey key) : LockNeeded(key.Id)
    {
        internal override HandshakeState LockAcquired()
        {
            MarkUsed();
            using (key)
                return Prove(challenge, key, nextEpochKey: null);
        }

        public override void Dispose() => key.Dispose();
    }

    /// <summary>Derives the challenge's root key, verifies the server's proof and creates the client's.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="key">The key of the hello.</param>
    /// <param name="nextEpochKey">The root key after the hello's; taken. Null if it was not derived.</param>
    private static HandshakeState Prove(VerifiedChallenge challenge, StoredKey key, SecretBytes? nextEpochKey)
    {
        var parsed = ServerChallenge.Parse(challenge.Frame);
        using SecretBytes epochKey = new(key.EpochKey);
        EpochChain.Walk(epochKey.Span, challenge.Epoch - key.Epoch);

        SessionSecrets secrets = new(epochKey.Span, SHA256.HashData([.. challenge.Hello, .. parsed.BeforeMacS]));
        if (!secrets.VerifyServerFinished(parsed.MacS))
        {
            secrets.Dispose();
            nextEpochKey?.Dispose();
            return new Refused(SecureChannelError.Authentication, "the server did not prove the root key");
        }

        byte[] confirm = new byte[ClientConfirm.Size];
        ClientConfirm.WriteHeader(confirm);
        secrets.ClientFinished(confirm.AsSpan(..FrameHeader.Size), confirm.AsSpan(FrameHeader.Size..));
        ExpectServerConfirm expected = new(key.Id, challenge, secrets);
        SendNeeded send = new(
            confirm,
            challenge.Settings.SendBeforeConfirm ? new Established(expected.CreateSession()) : expected
        );

        // The store gets the key of the epoch after the session's.
        if (nextEpochKey is null || challenge.Epoch != key.Epoch)
        {
            nextEpochKey?.Dispose();
            nextEpochKey = NextAfter(epochKey.Span);
        }

        return new AdvanceKeyNeeded(key.Id, key.Serial, challenge.Epoch, nextEpochKey, send);
    }

    private static SecretBytes NextAfter(ReadOnlySpan<byte> epochKey)
    {
        SecretBytes next = new(epochKey);
        EpochChain.Walk(next.Span, 1);
        return next;
    }

    /// <summary>
    /// Reads the store again before it advances: a challenge ahead of it means that the store was restored from a
    /// backup, or that the key has a second owner. If the key was revoked or replaced meanwhile, there is no session,
    /// even if it does not evolve.
    /// </summary>
    private sealed class AdvanceKeyNeeded(
        ClientId id,
        long serial,
        long epoch,
        SecretBytes nextEpochKey,
        SendNeeded send
    ) : KeyNeeded(id)
    {
        internal override HandshakeState Found(StoredKey? key)
        {
            MarkUsed();
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

    private sealed class ExpectServerConfirm(ClientId id, VerifiedChallenge challenge, SessionSecrets secrets)
        : FrameExpected
    {
        private RatchetSession? _session;

        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
            FrameHeader.Parse(buffer, AcceptedInConfirming, Limits.MaxHandshakeBody, out frameLength);

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame)
        {
            MarkUsed();
            RatchetSession session = CreateSession();
            OpenResult result = session.Open(frame, new byte[session.GetOpenedLength(frame.Length)]);
            if (result.Status == OpenStatus.Control && session.Phase == ProtocolPhase.Active)
                return new Established(session);

            session.Dispose();
            return new Refused(result.Error, result.Detail!);
        }

        internal override void Prepare() => CreateSession();

        /// <summary>Creates the session, once, and erases what it was derived from.</summary>
        internal RatchetSession CreateSession()
        {
            using (secrets)
                return _session ??= new RatchetSession(
                    ChannelRole.Client,
                    id,
                    challenge.Epoch,
                    challenge.Suite,
                    secrets,
                    challenge.Settings
                );
        }

        public override void Dispose()
        {
            secrets.Dispose();
            _session?.Dispose();
        }
    }
}
