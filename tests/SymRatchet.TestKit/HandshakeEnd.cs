using System.Buffers;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.TestKit;

/// <summary>
/// One end of protocol 1 without IO: the real handshake states and session, a store, and the stream as arrays of bytes.
/// It does at once whatever it can do, so a test decides everything about the wire and nothing depends on time.
/// </summary>
internal sealed class HandshakeEnd : IDisposable
{
    private readonly ChannelRole _role;
    private readonly InMemoryKeyStore _store;
    private readonly byte[]? _firstWord;
    private readonly bool _prepares;
    private HandshakeState _state;
    private byte[] _unread = [];

    /// <param name="role">Which end it is.</param>
    /// <param name="id">The client's id.</param>
    /// <param name="store">Where the end reads and advances its epoch.</param>
    /// <param name="settings">What the handshake is told.</param>
    /// <param name="firstWord">A message that is sent as soon as the protocol allows it, if any.</param>
    /// <param name="prepares">Whether it derives ahead before it waits, as the library's driver does.</param>
    internal HandshakeEnd(
        ChannelRole role,
        ClientId id,
        InMemoryKeyStore store,
        HandshakeSettings settings,
        byte[]? firstWord = null,
        bool prepares = true
    )
    {
        _role = role;
        _store = store;
        _firstWord = firstWord;
        _prepares = prepares;
        _state = role == ChannelRole.Client ? ClientHandshake.Start(id, settings) : ServerHandshake.Start(settings);
        Run();
    }

    /// <summary>The frames that this end has sent and nobody has taken off the wire.</summary>
    internal Queue<byte[]> Outgoing { get; } = [];

    internal List<byte[]> Delivered { get; } = [];

    internal List<HandshakeAlarm> Alarms { get; } = [];

    /// <summary>The session once the handshake is over, whether it is still open or not.</summary>
    internal RatchetSession? Session { get; private set; }

    /// <summary>Whether the end has proven its peer at some time.</summary>
    internal bool WasActive { get; private set; }

    /// <summary>The client's first chain key as this end computed it, which says which session secret it has.</summary>
    internal byte[]? FirstChainKey { get; private set; }

    /// <summary>Why the handshake ended; null while it has not, or where it succeeded.</summary>
    internal Refused? Refusal => _state as Refused;

    /// <summary>Takes bytes off the stream, which need not be whole frames.</summary>
    internal void Receive(ReadOnlySpan<byte> bytes)
    {
        _unread = [.. _unread, .. bytes];
        while (Reader is { } reader)
        {
            switch (reader.Parse(new ReadOnlySequence<byte>(_unread), out int length))
            {
                case FrameStatus.Incomplete:
                    return;

                case FrameStatus.Complete:
                    byte[] frame = _unread[..length];
                    _unread = _unread[length..];
                    Take(frame);
                    break;

                default:
                    Fail(SecureChannelError.Malformed);
                    break;
            }
        }
    }

    public void Dispose() => _state.Dispose();

    // Who is refused or has failed reads no more.
    private IFrameReader? Reader =>
        _state is FrameExpected expected ? expected
        : Session is { Phase: not ProtocolPhase.Terminated } ? Session
        : null;

    private void Take(byte[] frame)
    {
        if (_state is FrameExpected expected)
        {
            _state = expected.Receive(frame);
            Run();
            return;
        }

        (OpenResult result, byte[] payload, _) = RatchetPair.Open(Session!, frame);
        WasActive |= Session!.Phase == ProtocolPhase.Active;
        if (result.Status == OpenStatus.Message)
            Delivered.Add(payload);
        else if (result.Status == OpenStatus.Failed)
            Fail(result.Error);
    }

    private void Fail(SecureChannelError error)
    {
        if (Session is null)
        {
            _state.Dispose();
            _state = new Refused(error, "the bytes are not a frame");
            return;
        }

        Session.EraseReceivingKeys();
        byte[] terminate = RatchetPair.Terminate(Session, error);
        if (terminate.Length > 0 && error != SecureChannelError.TerminatedByPeer)
            Outgoing.Enqueue(terminate);
    }

    private void Run()
    {
        while (_state is not (FrameExpected or Refused or Established))
            Step();
        NoticeAlarm();
        if (_prepares && _state is FrameExpected waiting)
            waiting.Prepare();
        if (_state is not Established { Session: RatchetSession session })
            return;

        Session = session;
        WasActive = session.Phase == ProtocolPhase.Active;
        FirstChainKey = (_role == ChannelRole.Client ? session.Sending.ChainKey : session.Receiving.ChainKey).ToArray();
        if (_firstWord is not null)
            Outgoing.Enqueue(RatchetPair.Seal(session, _firstWord));
    }

    private void Step()
    {
        NoticeAlarm();
        switch (_state)
        {
            case KeyNeeded needed:
                using (StoredKey? key = _store.FindAsync(needed.Id).AsTask().GetAwaiter().GetResult())
                    _state = needed.Found(key);
                break;

            case AdvanceNeeded advance:
                _store
                    .AdvanceAsync(advance.Id, advance.Serial, advance.Epoch, advance.EpochKey.Memory)
                    .AsTask()
                    .GetAwaiter()
                    .GetResult();
                _state = advance.Advanced();
                break;

            case SendNeeded send:
                Outgoing.Enqueue(send.Bytes.ToArray());
                _state = send.Sent();
                break;

            case LockNeeded turn:
                _state = turn.LockAcquired();
                break;

            case AdmissionNeeded admission:
                _state = admission.Admitted();
                break;

            default:
                throw new InvalidOperationException(_state.GetType().Name);
        }
    }

    private void NoticeAlarm()
    {
        if (_state.Alarm != HandshakeAlarm.None)
            Alarms.Add(_state.Alarm);
    }
}
