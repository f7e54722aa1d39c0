using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// An established session of protocol 1 (docs/protocol.md, 6). The two halves have separate ratchets; the keys of a
/// direction that is closed or has failed are erased.
/// </summary>
internal sealed class RatchetSession : ChannelSession
{
    private const int TerminateSize = 1;
    private const int PingSize = sizeof(ulong);
    private const byte PaddingMark = 1;

    // Each half's keys are used and erased under its lock, so that nothing is sealed with a key that is being erased.
    private readonly Lock _sendGate = new();
    private readonly Lock _receiveGate = new();
    private readonly ChannelRole _role;
    private readonly CipherSuite _suite;
    private readonly SendRatchet _send;
    private readonly ReceiveRatchet _receive;
    private readonly int _maxRecordSize;
    private readonly int _paddingBlock;
    private readonly Opcode _dataOpcode;
    private readonly ulong _acceptedActive;
    private readonly ulong _acceptedConfirming;
    private volatile bool _confirmed;
    private volatile bool _sendingEnded;
    private volatile bool _receivingEnded;
    private int _isReplyDue;
    private ulong _pingToken;

    internal RatchetSession(
        ChannelRole role,
        ClientId clientId,
        long epoch,
        CipherSuite suite,
        SessionSecrets secrets,
        HandshakeSettings settings
    )
    {
        bool isClient = role == ChannelRole.Client;
        _role = role;
        _suite = suite;
        _send = new SendRatchet(suite, isClient ? secrets.ClientToServerChain : secrets.ServerToClientChain);
        _receive = new ReceiveRatchet(suite, isClient ? secrets.ServerToClientChain : secrets.ClientToServerChain);
        _maxRecordSize = settings.MaxRecordSize;
        _paddingBlock = settings.PaddingBlock;
        _dataOpcode = isClient ? Opcode.ClientData : Opcode.ServerData;
        _acceptedActive = V1Transitions.AcceptedOpcodes(role, ProtocolPhase.Active);
        _acceptedConfirming = V1Transitions.AcceptedOpcodes(role, ProtocolPhase.Confirming);
        _confirmed = !isClient; // a server's session is used only once CLIENT_CONFIRM has verified
        Peer = new ChannelPeer(
            ChannelProtocol.V1,
            isClient ? ChannelRole.Server : ChannelRole.Client,
            clientId,
            suite.Id,
            epoch
        );
    }

    internal override ProtocolPhase Phase =>
        _sendingEnded && _receivingEnded ? ProtocolPhase.Terminated
        : _confirmed ? ProtocolPhase.Active
        : ProtocolPhase.Confirming;

    internal override ChannelPeer Peer { get; }

    internal override int MaxMessageSize => MaxPlaintextSize - (_paddingBlock == 0 ? 0 : 1);

    internal override bool EndOfStreamIsClose => false;

    internal override int MaxControlLength => FrameHeader.Size + PingSize + _suite.TagSize;

    internal override bool SupportsPing => true;

    internal override bool HasReply => Volatile.Read(ref _isReplyDue) != 0;

    internal SendRatchet Sending => _send;

    internal ReceiveRatchet Receiving => _receive;

    private int MaxPlaintextSize => _maxRecordSize - _suite.TagSize;

    internal override int GetSealedLength(int messageLength) =>
        FrameHeader.Size + PaddedLength(messageLength) + _suite.TagSize;

    internal override int GetOpenedLength(int frameLength) =>
        Math.Max(0, frameLength - FrameHeader.Size - _suite.TagSize);

    public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength) =>
        _receivingEnded ? FrameHeader.Parse(buffer, accepted: 0, maxBody: 0, out frameLength)
        : _confirmed ? FrameHeader.Parse(buffer, _acceptedActive, _maxRecordSize, out frameLength)
        : FrameHeader.Parse(buffer, _acceptedConfirming, Limits.MaxHandshakeBody, out frameLength);

    internal override int Seal(ReadOnlySpan<byte> message, Span<byte> destination)
    {
        lock (_sendGate)
        {
            if (_sendingEnded)
                throw new InvalidOperationException("This direction of the channel is closed.");
            if (_send.Round >= Limits.LastRound)
                throw new InvalidOperationException("This direction has used its last round; connect again.");
            if (_paddingBlock == 0)
                return SealRecord(_dataOpcode, FrameFlags.None, message, destination);

            // Padded in the destination and sealed in place: plaintext || 0x01 || zeros (docs/protocol.md, 6.3).
            Span<byte> padded = destination.Slice(FrameHeader.Size, PaddedLength(message.Length));
            message.CopyTo(padded);
            padded[message.Length..].Clear();
            padded[message.Length] = PaddingMark;
            return SealRecord(_dataOpcode, FrameFlags.Padded, padded, destination);
        }
    }

    /// <summary>Seals SERVER_CONFIRM (docs/protocol.md, 5.4), the record of round 0 of the server's chain.</summary>
    internal int SealServerConfirm(Span<byte> destination) =>
        SealRecord(Opcode.ServerConfirm, FrameFlags.None, [], destination);

    internal override int SealPing(ulong token, Span<byte> destination) => SealToken(Opcode.Ping, token, destination);

    internal override int SealReply(Span<byte> destination) =>
        Interlocked.Exchange(ref _isReplyDue, 0) == 0
            ? 0
            : SealToken(Opcode.Pong, Volatile.Read(ref _pingToken), destination);

    internal override int SealTerminate(SecureChannelError reason, Span<byte> destination)
    {
        lock (_sendGate)
        {
            // A side that fails before it is ACTIVE sends nothing; a close is allowed.
            bool isSilent = _sendingEnded || (!_confirmed && reason != SecureChannelError.None);
            int written = isSilent
                ? 0
                : SealRecord(Opcode.Terminate, FrameFlags.None, [(byte)ToReason(reason)], destination);
            EraseSendingKeys();
            return written;
        }
    }

    internal override OpenResult Open(ReadOnlySpan<byte> frame, Span<byte> destination)
    {
        lock (_receiveGate)
        {
            OpenResult result = OpenRecord(frame, destination);
            if (result.Status == OpenStatus.Failed)
                CryptographicOperations.ZeroMemory(destination);
            if (result.Status is OpenStatus.Failed or OpenStatus.Closed)
                EraseReceivingKeys();
            return result;
        }
    }

    internal override void EraseSendingKeys()
    {
        lock (_sendGate)
        {
            _sendingEnded = true;
            _send.Dispose();
        }
    }

    internal override void EraseReceivingKeys()
    {
        lock (_receiveGate)
        {
            _receivingEnded = true;
            _receive.Dispose();
        }
    }

    private int PaddedLength(int messageLength)
    {
        if (_paddingBlock == 0)
            return messageLength;
        long wanted = ((long)messageLength + _paddingBlock) / _paddingBlock * _paddingBlock;
        return (int)Math.Min(wanted, MaxPlaintextSize);
    }

    private int SealToken(Opcode opcode, ulong token, Span<byte> destination)
    {
        Span<byte> payload = stackalloc byte[PingSize];
        BinaryPrimitives.WriteUInt64BigEndian(payload, token);
        lock (_sendGate)
            return _sendingEnded || _send.Round >= Limits.LastRound
                ? 0
                : SealRecord(opcode, FrameFlags.None, payload, destination);
    }

    private int SealRecord(Opcode opcode, FrameFlags flags, ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        int bodyLength = plaintext.Length + _suite.TagSize;
        ulong round = _send.Round;
        new FrameHeader(opcode, flags, bodyLength, round).Write(destination);
        _send.Seal(round, destination[..FrameHeader.Size], plaintext, destination.Slice(FrameHeader.Size, bodyLength));
        return FrameHeader.Size + bodyLength;
    }

    private OpenResult OpenRecord(ReadOnlySpan<byte> frame, Span<byte> destination)
    {
        var header = FrameHeader.Read(frame);
        if (_receivingEnded)
            return OpenResult.Fail(SecureChannelError.UnexpectedMessage, "a record after the end of its direction");
        if (
            !V1Transitions.Table.TryMove(
                _role,
                _confirmed ? ProtocolPhase.Active : ProtocolPhase.Confirming,
                (byte)header.Opcode,
                out _
            )
        )
            return OpenResult.Fail(
                SecureChannelError.UnexpectedMessage,
                $"opcode {(byte)header.Opcode} in phase {Phase}"
            );
        bool isData = header.Opcode is Opcode.ClientData or Opcode.ServerData;
        if (header.Flags != FrameFlags.None && !(isData && header.Flags == FrameFlags.Padded))
            return OpenResult.Fail(
                SecureChannelError.Malformed,
                $"flags {(byte)header.Flags:x2} on opcode {(byte)header.Opcode}"
            );
        int bodyLength = frame.Length - FrameHeader.Size;
        if (bodyLength < _suite.TagSize)
            return OpenResult.Fail(SecureChannelError.Malformed, "the record is shorter than its tag");
        if (header.Opcode != Opcode.Terminate && (header.Round != _receive.Round || header.Round >= Limits.LastRound))
            return OpenResult.Fail(
                SecureChannelError.UnexpectedRound,
                $"round {header.Round} instead of {_receive.Round}"
            );

        Span<byte> opened = destination[..(bodyLength - _suite.TagSize)];
        if (!_receive.Open(header.Round, frame[..FrameHeader.Size], frame[FrameHeader.Size..], opened))
            return OpenResult.Fail(SecureChannelError.Authentication, "the tag does not verify");

        if (!isData)
            return TakeControl(header.Opcode, opened);
        int length = header.Flags == FrameFlags.Padded ? Unpad(opened) : opened.Length;
        return length < 0
            ? OpenResult.Fail(SecureChannelError.Malformed, "the padding is invalid")
            : OpenResult.Message(length);
    }

    // The tag has verified, so a malformed payload comes from the peer itself.
    private OpenResult TakeControl(Opcode opcode, Span<byte> payload)
    {
        switch (opcode, payload.Length)
        {
            case (Opcode.ServerConfirm, 0):
                _confirmed = true;
                return OpenResult.Control;

            case (Opcode.Ping, PingSize):
                if (!_sendingEnded)
                {
                    // A PING replaces an earlier one that was not answered yet, to bound memory.
                    Volatile.Write(ref _pingToken, BinaryPrimitives.ReadUInt64BigEndian(payload));
                    Volatile.Write(ref _isReplyDue, 1);
                }

                return OpenResult.Control;

            case (Opcode.Pong, PingSize):
                return OpenResult.Pong(BinaryPrimitives.ReadUInt64BigEndian(payload));

            case (Opcode.Terminate, TerminateSize):
                var reason = (TerminationReason)payload[0];
                return reason == TerminationReason.Close
                    ? OpenResult.Closed
                    : OpenResult.Fail(
                        SecureChannelError.TerminatedByPeer,
                        $"reason {(Enum.IsDefined(reason) ? reason : TerminationReason.Internal)}"
                    );

            default:
                return OpenResult.Fail(
                    SecureChannelError.Malformed,
                    $"a payload of {payload.Length} bytes with opcode {(byte)opcode}"
                );
        }
    }

    private static int Unpad(ReadOnlySpan<byte> padded)
    {
        int mark = padded.LastIndexOfAnyExcept((byte)0);
        return mark >= 0 && padded[mark] == PaddingMark ? mark : -1;
    }

    private static TerminationReason ToReason(SecureChannelError error) =>
        error switch
        {
            SecureChannelError.None => TerminationReason.Close,
            SecureChannelError.Authentication => TerminationReason.Authentication,
            SecureChannelError.UnexpectedMessage
            or SecureChannelError.UnexpectedRound
            or SecureChannelError.Malformed
            or SecureChannelError.Truncated => TerminationReason.Protocol,
            SecureChannelError.Limit => TerminationReason.Limit,
            SecureChannelError.Timeout => TerminationReason.Timeout,
            _ => TerminationReason.Internal,
        };
}
