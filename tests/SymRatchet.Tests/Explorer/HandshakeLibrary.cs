using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Explorer;

/// <summary>
/// Runs the real handshake code on deterministic nonces and remembers where each history of inputs led, so that a state
/// is computed once however many interleavings pass through it. A handshake state is consumed by use; a history is
/// replayed to branch.
/// </summary>
internal sealed class HandshakeLibrary(bool sendBeforeConfirm)
{
    private static readonly ClientId ClientId = "explored";

    private readonly Dictionary<(int Parent, int Input), HandshakeNode> _children = [];
    private readonly Dictionary<(ChannelRole Role, int Ordinal), HandshakeNode> _roots = [];
    private readonly Dictionary<string, int> _messageNumbers = new(StringComparer.Ordinal);
    private readonly List<byte[]> _messages = [];
    private readonly Dictionary<string, int> _keyNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<(ChannelRole Role, long Epoch), StoredKey> _epochs = [];
    private int _nodes;

    internal int Histories => _nodes;

    /// <summary>A handshake that has just begun: a client that read its store is one input further.</summary>
    internal HandshakeNode Start(ChannelRole role, int ordinal)
    {
        if (!_roots.TryGetValue((role, ordinal), out HandshakeNode? root))
        {
            byte[] nonce = new byte[32];
            nonce[0] = (byte)role;
            nonce[1] = (byte)ordinal;
            HandshakeSettings Settings() =>
                new(
                    [CipherSuite.All[0]],
                    MaxRecordSize: 4096,
                    PaddingBlock: 0,
                    EpochLimit: Limits.EpochLimit,
                    sendBeforeConfirm,
                    new FixedRandom(nonce)
                );
            root = Describe(
                role,
                () =>
                    role == ChannelRole.Client
                        ? ClientHandshake.Start(ClientId, Settings())
                        : ServerHandshake.Start(Settings())
            );
            _roots.Add((role, ordinal), root);
        }

        return root;
    }

    internal HandshakeNode Deliver(HandshakeNode node, int message) =>
        Step(node, message, state => ((FrameExpected)state).Receive(_messages[message]));

    internal HandshakeNode Read(HandshakeNode node, long epoch) =>
        Step(node, (int)epoch, state => ((KeyNeeded)state).Found(KeyOf(node.Role, epoch)));

    internal HandshakeNode Advanced(HandshakeNode node) => Step(node, 0, state => ((AdvanceNeeded)state).Advanced());

    internal HandshakeNode Sent(HandshakeNode node) => Step(node, 0, state => ((SendNeeded)state).Sent());

    private HandshakeNode Step(HandshakeNode node, int input, Func<HandshakeState, HandshakeState> step)
    {
        if (!_children.TryGetValue((node.Id, input), out HandshakeNode? child))
        {
            child = Describe(node.Role, () => step(node.Replay()));
            _children.Add((node.Id, input), child);
        }

        return child;
    }

    private HandshakeNode Describe(ChannelRole role, Func<HandshakeState> history)
    {
        HandshakeState Replay()
        {
            HandshakeState state = history();
            while (state is LockNeeded or AdmissionNeeded)
                state = state is LockNeeded turn ? turn.LockAcquired() : ((AdmissionNeeded)state).Admitted();
            return state;
        }

        using HandshakeState reached = Replay();
        int id = _nodes++;
        return reached switch
        {
            FrameExpected => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Frame,
                Replay = Replay,
            },
            KeyNeeded => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Read,
                Replay = Replay,
            },
            AdvanceNeeded advance => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Advance,
                Epoch = advance.Epoch,
                Replay = Replay,
            },
            SendNeeded send => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Send,
                Message = MessageNumber(send.Bytes.ToArray()),
                Replay = Replay,
            },
            Established { Session: RatchetSession session } => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Established,
                Epoch = session.Peer.Epoch,
                Keys = KeysNumber(role, session),
                Replay = Replay,
            },
            Refused => new HandshakeNode
            {
                Id = id,
                Role = role,
                Kind = NodeKind.Refused,
                Replay = Replay,
            },
            _ => throw new InvalidOperationException(reached.GetType().Name),
        };
    }

    private int MessageNumber(byte[] bytes)
    {
        string name = Convert.ToHexString(bytes);
        if (!_messageNumbers.TryGetValue(name, out int number))
        {
            number = _messages.Count;
            _messageNumbers.Add(name, number);
            _messages.Add(bytes);
        }

        return number;
    }

    // Equal at both ends means: what one sends with, the other receives with. A confirm has moved the server's chain by
    // one record, so the sessions are compared by the chain that no record has touched yet.
    private int KeysNumber(ChannelRole role, RatchetSession session)
    {
        string name = Convert.ToHexString(
            role == ChannelRole.Client ? session.Sending.ChainKey : session.Receiving.ChainKey
        );
        if (!_keyNumbers.TryGetValue(name, out int number))
            _keyNumbers.Add(name, number = _keyNumbers.Count);
        return number;
    }

    // A store is its epoch: the key of an epoch follows from the pre-shared key.
    private StoredKey KeyOf(ChannelRole role, long epoch)
    {
        if (!_epochs.TryGetValue((role, epoch), out StoredKey? stored))
        {
            byte[] identity = new byte[EpochChain.KeySize];
            byte[] key = new byte[EpochChain.KeySize];
            EpochChain.Import(new byte[PreSharedKey.Size], ClientId.Bytes, [], identity, key);
            EpochChain.Walk(key, epoch);
            stored = new StoredKey(ChannelProtocol.V1, role, ClientId, KeyEvolution.Forward, identity, epoch, key);
            _epochs.Add((role, epoch), stored);
        }

        return stored;
    }
}
