using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Tests.Explorer;

/// <summary>
/// Searches every interleaving of the real handshake code, breadth first: any message ever sent is delivered any number
/// of times or never, to any handshake that waits for one; any handshake is dropped between any two of its steps (a
/// crash, a time limit, a lost message); handshakes of the one identity run side by side. In each world it checks what
/// docs/protocol.md promises.
/// </summary>
internal sealed class HandshakeExplorer(
    int clients,
    int clientsAtOnce,
    int servers,
    int serversAtOnce,
    Mistake mistake = Mistake.None
)
{
    private readonly HandshakeLibrary _library = new(
        sendBeforeConfirm: mistake == Mistake.ClientSendsDataBeforeTheConfirm
    );
    private readonly Dictionary<int, HandshakeNode> _nodes = [];
    private readonly Dictionary<(long Client, long Server), bool> _undisturbed = [];
    private readonly HashSet<UInt128> _seen = [];
    private readonly Queue<World> _waiting = [];

    /// <summary>The first promise found broken, or null.</summary>
    internal string? Violation { get; private set; }

    internal int Worlds => _seen.Count;

    internal int Histories => _library.Histories;

    internal int SessionsMade { get; private set; }

    internal long LargestEpoch { get; private set; }

    /// <summary>Whether every world was reached, and not only as many as were allowed.</summary>
    internal bool IsComplete => _waiting.Count == 0;

    internal void Explore(int atMost)
    {
        Reach(World.First);
        while (Violation is null && _waiting.Count > 0 && Worlds < atMost)
        {
            World world = _waiting.Dequeue();
            StartHandshakes(world);
            foreach (int running in world.Running)
                Continue(world, _nodes[running]);
        }
    }

    private void Reach(World world)
    {
        if (Violation is null && _seen.Add(Fingerprint(world)))
        {
            Check(world);
            _waiting.Enqueue(world);
        }
    }

    // Millions of worlds are remembered by 128 bits of a hash each.
    private static UInt128 Fingerprint(World world) =>
        BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(world.Key)));

    private void StartHandshakes(World world)
    {
        if (world.ClientsStarted < clients && CountRunning(world, ChannelRole.Client) < clientsAtOnce)
        {
            HandshakeNode hello = Known(
                _library.Read(_library.Start(ChannelRole.Client, world.ClientsStarted), world.ClientEpoch)
            );
            Reach(world.Run(hello.Id) with { ClientsStarted = world.ClientsStarted + 1 });
        }

        if (world.ServersStarted < servers && CountRunning(world, ChannelRole.Server) < serversAtOnce)
        {
            foreach (int message in world.Messages)
            {
                HandshakeNode heard = _library.Deliver(
                    _library.Start(ChannelRole.Server, world.ServersStarted),
                    message
                );
                if (heard.Kind != NodeKind.Refused)
                    Reach(
                        world.Run(Known(_library.Read(heard, world.ServerEpoch)).Id) with
                        {
                            ServersStarted = world.ServersStarted + 1,
                        }
                    );
            }
        }
    }

    private void Continue(World world, HandshakeNode node)
    {
        // Dropped: the process died, the time was up, or what it waits for was lost.
        Reach(Drop(world, node));
        switch (node.Kind)
        {
            case NodeKind.Frame:
                foreach (int message in world.Messages)
                    Move(world, node, _library.Deliver(node, message));
                break;

            case NodeKind.Read:
                Move(world, node, _library.Read(node, EpochOf(world, node.Role)));
                break;

            case NodeKind.Advance when IsOutOfOrder(node):
                Move(world with { OwedWrites = [.. world.OwedWrites, node.Epoch] }, node, _library.Advanced(node));
                break;

            case NodeKind.Advance:
                Move(Advance(world, node.Role, node.Epoch), node, _library.Advanced(node));
                break;

            case NodeKind.Send:
                World sent = world.Send(node.Message);
                if (sent.OwedWrites is [long epoch] && IsMistaken(node.Role))
                    sent = Advance(sent, node.Role, epoch) with { OwedWrites = [] };
                Move(sent, node, _library.Sent(node));
                break;
        }
    }

    private void Move(World world, HandshakeNode from, HandshakeNode to)
    {
        if (to.Kind == NodeKind.Refused)
            return; // as if it had been dropped
        Known(to);
        if (to.Kind != NodeKind.Established)
        {
            Reach(world.Replace(from.Id, to.Id));
            return;
        }

        SessionsMade++;
        int session = (to.Keys * 2) + (to.Role == ChannelRole.Server ? 1 : 0);
        if (world.Sessions.Contains(session))
            Violation = $"a session became ACTIVE twice at the {to.Role}: {world}";
        else if (
            to.Role == ChannelRole.Client
            && mistake != Mistake.ClientSendsDataBeforeTheConfirm
            && !world.Sessions.Contains(session + 1)
        )
            Violation = $"a client is ACTIVE and no server holds the same keys: {world}";
        else if (world.ClientEpoch <= to.Epoch || world.ServerEpoch <= to.Epoch)
            Violation =
                $"the {to.Role} may send data of epoch {to.Epoch}, and a store can still derive its keys: {world}";
        Reach(world.Replace(from.Id, by: null).Establish(session));
    }

    private void Check(World world)
    {
        LargestEpoch = Math.Max(LargestEpoch, Math.Max(world.ClientEpoch, world.ServerEpoch));
        if (Math.Abs(world.ClientEpoch - world.ServerEpoch) > 1)
            Violation ??= $"the epochs differ by more than one: {world}";
        if (!UndisturbedHandshakeSucceeds(world.ClientEpoch, world.ServerEpoch))
            Violation ??= $"an undisturbed handshake fails: {world}";
    }

    private bool UndisturbedHandshakeSucceeds(long clientEpoch, long serverEpoch)
    {
        if (!_undisturbed.TryGetValue((clientEpoch, serverEpoch), out bool succeeds))
        {
            succeeds = RunUndisturbed(World.First with { ClientEpoch = clientEpoch, ServerEpoch = serverEpoch });
            _undisturbed.Add((clientEpoch, serverEpoch), succeeds);
        }

        return succeeds;
    }

    private bool RunUndisturbed(World world)
    {
        HandshakeNode client = _library.Start(ChannelRole.Client, byte.MaxValue);
        HandshakeNode server = _library.Start(ChannelRole.Server, byte.MaxValue);
        while (true)
        {
            bool clientMoved = StepAlone(ref world, ref client);
            bool serverMoved = StepAlone(ref world, ref server);
            if (client.Kind == NodeKind.Established && server.Kind == NodeKind.Established)
                return client.Keys == server.Keys;
            if (!clientMoved && !serverMoved)
                return false;
        }
    }

    // Takes the one thing that an undisturbed handshake can do next; a frame is the last one sent.
    private bool StepAlone(ref World world, ref HandshakeNode node)
    {
        switch (node.Kind)
        {
            case NodeKind.Frame when world.Messages.Length > 0:
                HandshakeNode next = _library.Deliver(node, world.Messages[^1]);
                if (next.Kind == NodeKind.Refused)
                    return false;
                world = world with { Messages = [] };
                node = next;
                return true;
            case NodeKind.Read:
                node = _library.Read(node, EpochOf(world, node.Role));
                return true;
            case NodeKind.Advance:
                world = Advance(world, node.Role, node.Epoch);
                node = _library.Advanced(node);
                return true;
            case NodeKind.Send:
                world = world with { Messages = [node.Message] };
                node = _library.Sent(node);
                return true;
            default:
                return false;
        }
    }

    // A handshake that dies owes its store nothing any more: that is what makes the mistake one.
    private World Drop(World world, HandshakeNode node) =>
        world.Replace(node.Id, by: null) with
        {
            OwedWrites = IsMistaken(node.Role) ? [] : world.OwedWrites,
        };

    private bool IsMistaken(ChannelRole role) =>
        (role, mistake)
            is
                (ChannelRole.Client, Mistake.ClientSendsItsConfirmBeforeItAdvances)
                or
                (ChannelRole.Server, Mistake.ServerConfirmsBeforeItAdvances);

    // The one advance that stands before a confirm; a server's catching up stands before a challenge.
    private bool IsOutOfOrder(HandshakeNode node) =>
        IsMistaken(node.Role) && _library.Advanced(node).Kind == NodeKind.Send;

    private int CountRunning(World world, ChannelRole role) => world.Running.Count(id => _nodes[id].Role == role);

    private static long EpochOf(World world, ChannelRole role) =>
        role == ChannelRole.Client ? world.ClientEpoch : world.ServerEpoch;

    private static World Advance(World world, ChannelRole role, long epoch) =>
        role == ChannelRole.Client
            ? world with
            {
                ClientEpoch = Math.Max(world.ClientEpoch, epoch),
            }
            : world with
            {
                ServerEpoch = Math.Max(world.ServerEpoch, epoch),
            };

    private HandshakeNode Known(HandshakeNode node)
    {
        _nodes.TryAdd(node.Id, node);
        return node;
    }
}
