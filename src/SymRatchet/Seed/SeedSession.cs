using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>
/// A session of the seed protocol, for either role, from its first frame on: a strict exchange of one client message
/// and one server message in each round. Hello and challenge are the messages of round 0. Any failure is final and
/// erases all four keys.
/// </summary>
internal sealed class SeedSession : ChannelSession
{
    private static ReadOnlySpan<byte> StatusOk => "OK"u8;

    // The original gives the payload of TERMINATE no meaning; peers with this library tell a close from a failure by
    // it.
    private static ReadOnlySpan<byte> ClosePayload => "CLOSE"u8;

    private static ReadOnlySpan<byte> TerminatedPayload => "TERMINATED"u8;

    private readonly Lock _gate = new();
    private readonly ChannelRole _role;
    private readonly byte _id;
    private readonly RandomSource _random;
    private readonly int _maxRecordSize;
    private readonly SeedKeys _clientToServer;
    private readonly SeedKeys _serverToClient;
    private readonly Aes _aes = Aes.Create();
    private ProtocolPhase _phase = ProtocolPhase.Init;
    private uint _round;
    private bool _clientHasSpoken;
    private bool _terminateSent;

    internal SeedSession(
        ChannelRole role,
        byte id,
        ReadOnlySpan<byte> masterKey,
        int maxRecordSize,
        RandomSource random
    )
    {
        _role = role;
        _id = id;
        _random = random;
        _clientToServer = SeedKeys.ClientToServer(masterKey);
        _serverToClient = SeedKeys.ServerToClient(masterKey);
        _maxRecordSize = maxRecordSize;
        MaxMessageSize = SeedFrame.MaxPayload(maxRecordSize);
        Peer = new ChannelPeer(
            ChannelProtocol.Seed,
            role == ChannelRole.Client ? ChannelRole.Server : ChannelRole.Client,
            SeedKeys.IdOf(id)
        );
    }

    internal override ProtocolPhase Phase => _phase;

    internal override ChannelPeer Peer { get; }

    internal override int MaxMessageSize { get; }

    // The original closes the connection without a message when it is done, so between two rounds that is a regular
    // end.
    internal override bool EndOfStreamIsClose => !_clientHasSpoken;

    internal override int MaxControlLength => SeedFrame.FrameLength(SeedFrame.BlockSize);

    internal uint Round => _round;

    internal SeedKeys ClientToServerKeys => _clientToServer;

    internal SeedKeys ServerToClientKeys => _serverToClient;

    private byte SendDirection => _role == ChannelRole.Client ? SeedFrame.ClientToServer : SeedFrame.ServerToClient;

    private byte ReceiveDirection => _role == ChannelRole.Client ? SeedFrame.ServerToClient : SeedFrame.ClientToServer;

    private SeedKeys SendKeys => _role == ChannelRole.Client ? _clientToServer : _serverToClient;

    private SeedKeys ReceiveKeys => _role == ChannelRole.Client ? _serverToClient : _clientToServer;

    /// <summary>
    /// Whether it is this side's turn: in each round the client sends one message, then the server one.
    /// </summary>
    private bool MaySend => _clientHasSpoken == (_role == ChannelRole.Server);

    internal override int GetSealedLength(int messageLength) => SeedFrame.FrameLength(messageLength);

    internal override int GetOpenedLength(int frameLength) =>
        Math.Max(0, frameLength - SeedFrame.PrefixSize - SeedFrame.Overhead);

    public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
        SeedFrame.Parse(buffer, _maxRecordSize, out frameLength);

    internal override int Seal(ReadOnlySpan<byte> message, Span<byte> destination)
    {
        lock (_gate)
        {
            if (_phase == ProtocolPhase.Terminated)
                throw new InvalidOperationException("The seed session is over.");
            if (!MaySend)
            {
                throw new InvalidOperationException(
                    _role == ChannelRole.Client
                        ? "The seed protocol exchanges one message a round: receive the server's answer before "
                            + "sending again."
                        : "The seed protocol exchanges one message a round: a server answers one received message "
                            + "with one sent."
                );
            }

            if (_round == uint.MaxValue)
                throw new InvalidOperationException("The seed session has used its last round number; connect again.");

            SeedOpcode opcode = (_role, _round) switch
            {
                (ChannelRole.Client, 0) => SeedOpcode.ClientHello,
                (ChannelRole.Client, _) => SeedOpcode.ClientData,
                (_, 0) => SeedOpcode.ServerChallenge,
                _ => SeedOpcode.ServerAggregate,
            };
            int written = SealFrame(opcode, message, destination);
            ReadOnlySpan<byte> sealedMessage = destination[SeedFrame.PrefixSize..written];
            Evolve(SendDirection, sealedMessage, message);
            return written;
        }
    }

    internal override int SealTerminate(SecureChannelError reason, Span<byte> destination)
    {
        lock (_gate)
        {
            if (_terminateSent || SendKeys.IsErased)
                return 0;

            SeedOpcode opcode =
                reason == SecureChannelError.Authentication ? SeedOpcode.KeyDesyncError : SeedOpcode.Terminate;
            int written = SealFrame(
                opcode,
                reason == SecureChannelError.None ? ClosePayload : TerminatedPayload,
                destination
            );
            _terminateSent = true;
            _phase = ProtocolPhase.Terminated;
            EraseKeys();
            return written;
        }
    }

    internal override OpenResult Open(ReadOnlySpan<byte> frame, Span<byte> destination)
    {
        lock (_gate)
        {
            ReadOnlySpan<byte> message = frame[SeedFrame.PrefixSize..];
            OpenResult result = OpenMessage(message, destination);
            if (result.Status != OpenStatus.Message)
            {
                CryptographicOperations.ZeroMemory(destination);
                _phase = ProtocolPhase.Terminated;
                EraseReceivingKeys();
            }

            // A close ends both directions; after a failure the sending keys are needed for TERMINATE.
            if (result.Status == OpenStatus.Closed)
                EraseSendingKeys();
            return result;
        }
    }

    // The sending keys are erased separately, because they seal the TERMINATE after a failed receive.
    internal override void EraseReceivingKeys()
    {
        lock (_gate)
            ReceiveKeys.Dispose();
    }

    internal override void EraseSendingKeys()
    {
        lock (_gate)
        {
            _phase = ProtocolPhase.Terminated;
            SendKeys.Dispose();
            _aes.Dispose();
        }
    }

    private void EraseKeys()
    {
        EraseReceivingKeys();
        EraseSendingKeys();
    }

    private OpenResult OpenMessage(ReadOnlySpan<byte> message, Span<byte> destination)
    {
        if (ReceiveKeys.IsErased)
            return OpenResult.Fail(SecureChannelError.UnexpectedMessage, "a message after the session has ended");

        var opcode = (SeedOpcode)message[SeedFrame.OpcodeOffset];
        bool allowed = SeedTransitions.Table.TryMove(_role, _phase, (byte)opcode, out ProtocolPhase next);
        if (allowed && next == ProtocolPhase.Terminated)
            return Terminated(message, opcode, destination);
        if (!allowed)
            return OpenResult.Fail(SecureChannelError.UnexpectedMessage, $"opcode {(byte)opcode} in phase {_phase}");
        if (!IsWellFormed(message))
            return OpenResult.Fail(SecureChannelError.Malformed, $"a message of {message.Length} bytes");
        if (message[SeedFrame.IdOffset] != _id)
            return OpenResult.Fail(
                SecureChannelError.UnexpectedMessage,
                $"client id {message[SeedFrame.IdOffset]} instead of {_id}"
            );
        if (message[SeedFrame.DirectionOffset] != ReceiveDirection)
            return OpenResult.Fail(
                SecureChannelError.UnexpectedMessage,
                $"direction {message[SeedFrame.DirectionOffset]} instead of {ReceiveDirection}"
            );
        uint round = BinaryPrimitives.ReadUInt32BigEndian(message[SeedFrame.RoundOffset..]);
        if (round != _round)
            return OpenResult.Fail(SecureChannelError.UnexpectedRound, $"round {round} instead of {_round}");
        if (MaySend)
            return OpenResult.Fail(SecureChannelError.UnexpectedMessage, "a second message in one round");
        if (!VerifyMac(message))
            return OpenResult.Fail(SecureChannelError.Authentication, "the MAC does not verify");

        int length = Decrypt(message, destination);
        if (length < 0)
            return OpenResult.Fail(SecureChannelError.Authentication, "the MAC verifies but the padding is invalid");

        Span<byte> padded = destination[..(message.Length - SeedFrame.Overhead)];
        padded[length..].Clear();
        Evolve(ReceiveDirection, message, padded[..length]);
        _phase = next;
        return OpenResult.Message(length);
    }

    // The session ends whether this was forged or not; it counts as a close only if the MAC verifies.
    private OpenResult Terminated(ReadOnlySpan<byte> message, SeedOpcode opcode, Span<byte> destination)
    {
        bool proven =
            IsWellFormed(message)
            && message[SeedFrame.IdOffset] == _id
            && message[SeedFrame.DirectionOffset] == ReceiveDirection
            && VerifyMac(message);
        if (proven && opcode == SeedOpcode.Terminate && !_clientHasSpoken && _phase == ProtocolPhase.Active)
        {
            int length = Decrypt(message, destination);
            if (length >= 0 && CryptographicOperations.FixedTimeEquals(destination[..length], ClosePayload))
                return OpenResult.Closed;
        }

        string code = string.Create(CultureInfo.InvariantCulture, $"code {(byte)opcode} ({opcode})");
        return OpenResult.Fail(SecureChannelError.TerminatedByPeer, proven ? code : code + ", unproven");
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> message) =>
        message.Length >= SeedFrame.MinLength && (message.Length - SeedFrame.Overhead) % SeedFrame.BlockSize == 0;

    /// <summary>Decrypts a message whose MAC has verified.</summary>
    /// <returns>The length of the payload, or -1 if the padding is invalid.</returns>
    private int Decrypt(ReadOnlySpan<byte> message, Span<byte> destination)
    {
        Span<byte> padded = destination[..(message.Length - SeedFrame.Overhead)];
        _aes.SetKey(ReceiveKeys.EncryptionKey);
        _aes.DecryptCbc(
            message[SeedFrame.CiphertextOffset..^SeedFrame.MacSize],
            message.Slice(SeedFrame.IvOffset, SeedFrame.IvSize),
            padded,
            PaddingMode.None
        );
        return Pkcs7.Unpad(padded);
    }

    private bool VerifyMac(ReadOnlySpan<byte> message)
    {
        Span<byte> mac = stackalloc byte[SeedFrame.MacSize];
        HMACSHA256.HashData(ReceiveKeys.MacKey, message[..^SeedFrame.MacSize], mac);
        return CryptographicOperations.FixedTimeEquals(mac, message[^SeedFrame.MacSize..]);
    }

    private int SealFrame(SeedOpcode opcode, ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        Span<byte> frame = destination[..SeedFrame.FrameLength(payload.Length)];
        SeedFrame.WriteHeader(frame, opcode, _id, _round, SendDirection);
        Span<byte> message = frame[SeedFrame.PrefixSize..];
        Span<byte> iv = message.Slice(SeedFrame.IvOffset, SeedFrame.IvSize);
        _random.Fill(iv);

        // Padded in the destination and encrypted in place.
        Span<byte> padded = message[SeedFrame.CiphertextOffset..^SeedFrame.MacSize];
        payload.CopyTo(padded);
        Pkcs7.Pad(padded, payload.Length);
        _aes.SetKey(SendKeys.EncryptionKey);
        _aes.EncryptCbc(padded, iv, padded, PaddingMode.None);
        HMACSHA256.HashData(SendKeys.MacKey, message[..^SeedFrame.MacSize], message[^SeedFrame.MacSize..]);
        return frame.Length;
    }

    // docs/seed.md, "Keys": after a client message the keys take in its ciphertext and IV, after a server message its
    // payload and the status code.
    private void Evolve(byte direction, ReadOnlySpan<byte> message, ReadOnlySpan<byte> payload)
    {
        if (direction == SeedFrame.ClientToServer)
        {
            _clientToServer.Evolve(
                message[SeedFrame.CiphertextOffset..^SeedFrame.MacSize],
                message.Slice(SeedFrame.IvOffset, SeedFrame.IvSize)
            );
            _clientHasSpoken = true;
        }
        else
        {
            _serverToClient.Evolve(payload, StatusOk);
            _clientHasSpoken = false;
            _round++;
            _phase = ProtocolPhase.Active;
        }
    }
}
