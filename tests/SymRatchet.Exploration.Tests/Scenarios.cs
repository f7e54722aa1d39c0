using SymRatchet.Exploration.World;
using static SymRatchet.Exploration.Actor;
using static SymRatchet.Exploration.Op;

namespace SymRatchet.Exploration;

/// <summary>What is explored: each script over both transports and through each face that it makes sense for.</summary>
internal static class Scenarios
{
    private static readonly FaceKind[] AnyFace = [FaceKind.Channel, FaceKind.Stream, FaceKind.Pipe];
    private static readonly FaceKind[] Adapters = [FaceKind.Stream, FaceKind.Pipe];

    // A pipe's reader may not be called twice; a channel and a stream refuse the second.
    private static readonly FaceKind[] Refusing = [FaceKind.Channel, FaceKind.Stream];

    internal static IReadOnlyList<Scenario> All { get; } =
    [
        .. Script("pings and receives", AnyFace, Client(Ping, Ping), Client(Receive), Server(Receive), Server(Ping)),
        .. Script(
            "a ping and an unflushed message each way",
            AnyFace,
            Client(Ping),
            Client(Write(30)),
            Client(Receive, Receive),
            Server(Ping),
            Server(Write(30)),
            Server(Receive, Receive)
        ),
        .. Script(
            "a client pings and reads nothing",
            AnyFace,
            Client(Ping, Ping, Ping),
            Client(Cancel(0), Cancel(0), Cancel(0)),
            Client(Send()),
            Server(Receive)
        ),
        .. Script(
            "a client that reads nothing is revoked",
            AnyFace,
            Client(Ping, Ping, Ping),
            Client(Cancel(0), Cancel(0), Cancel(0)),
            Client(Send()),
            Server(Receive),
            Server(Revoke)
        ),
        .. Script(
            "a receive is cancelled while the client reads nothing",
            AnyFace,
            Client(Ping, Ping, Ping),
            Client(Cancel(0), Cancel(0), Cancel(0)),
            Server(Receive),
            Server(Cancel(2))
        ),
        .. Script(
            "a revocation beside a ping",
            AnyFace,
            Client(Ping),
            Client(Receive),
            Server(Receive),
            Server(Revoke)
        ),
        .. Script(
            "a revocation beside a send",
            AnyFace,
            Client(Receive, Receive),
            Server(Send(), Send()),
            Server(Receive),
            Server(Revoke)
        ),
        .. Script("disposed behind a blocked ping", AnyFace, Server(Write(30), Ping), Server(Receive), Server(Dispose)),
        .. Script("disposed behind a blocked send", AnyFace, Server(Send(), Send()), Server(Receive), Server(Dispose)),
        .. Script(
            "pings, again and beside a send",
            AnyFace,
            Server(Send()),
            Client(Ping, Ping),
            Server(Receive),
            Client(Cancel(1)),
            Client(Receive, Receive)
        ),
        .. Script(
            "a ping after the peer's close",
            AnyFace,
            Server(Send(5), HalfClose),
            Client(Receive, Receive),
            Client(Ping)
        ),
        .. Script(
            "a send is cancelled on its way",
            AnyFace,
            Client(Send(60)),
            Client(Cancel(0)),
            Server(Receive, Receive)
        ),
        .. Script(
            "sends, and one waits for the lock",
            AnyFace,
            Client(Ping),
            Client(Send(), Send()),
            Client(Cancel(1)),
            Server(Receive, Receive)
        ),
        .. Script(
            "disposed while it reads",
            AnyFace,
            Client(Send(), Ping),
            Client(Receive),
            Server(Receive, Receive),
            Server(Dispose)
        ),
        .. Script(
            "half-closed while it reads",
            AnyFace,
            Client(Send(), Send(), HalfClose),
            Client(Receive),
            Server(Receive, Receive, Receive),
            Server(Send(5), HalfClose)
        ),
        // A message larger than the pipe's own buffer; over a stream, its small pieces would be too many.
        new Scenario(
            "half-closed while a rest is left",
            TransportKind.Pipe,
            FaceKind.Channel,
            FaceKind.BorrowedPipe,
            BeforeConfirm: false,
            Client(Send(70_000), HalfClose),
            Server(Receive),
            Server(HalfClose)
        ),
        .. Script("two receives at once", Refusing, Client(Send(5), Send(5)), Server(Receive), Server(Receive)),
        .. Script("two sends at once", Refusing, Client(Send(5)), Client(Send(6)), Server(Receive, Receive)),
        .. Script("aborted after a send", Adapters, Client(Send(5), Abort), Server(Receive, Receive)),
        .. Script("aborted before a flush", Adapters, Client(Write(5), Abort), Server(Receive, Receive)),
        .. Script(
            "closed, then disposed",
            AnyFace,
            Client(Send(5), HalfClose, Dispose),
            Server(Receive, Receive, Receive)
        ),
        .. Script(
            "the transport ends",
            AnyFace,
            Client(Send(), Send()),
            Client(Receive),
            Server(Receive, Receive),
            Server(Ping),
            Server(Cut)
        ),
        .. Script("closed before the confirm", AnyFace, beforeConfirm: true, Client(HalfClose), Server(Receive)),
        .. Script(
            "sent and closed before the confirm",
            AnyFace,
            beforeConfirm: true,
            Client(Send(), HalfClose),
            Client(Receive),
            Server(Receive, Receive)
        ),
    ];

    /// <summary>Everything at once, too wide to be enumerated: for random walks.</summary>
    internal static IReadOnlyList<Scenario> Wide { get; } =
    [
        .. Script(
            "everything",
            AnyFace,
            Client(Send(), Write(5), Flush, Send(60)),
            Client(Receive, Receive, Receive),
            Client(Ping, Ping),
            Client(Cancel(0)),
            Client(HalfClose),
            Server(Send(5), Send(), HalfClose),
            Server(Receive, Receive, Receive),
            Server(Ping),
            Server(Cancel(5)),
            Server(Wait)
        ),
        .. Script(
            "everything, and an end",
            AnyFace,
            Client(Send(), Send(60)),
            Client(Receive, Receive),
            Client(Ping, Ping),
            Client(Cancel(2)),
            Client(Dispose),
            Server(Send(), Send()),
            Server(Receive, Receive),
            Server(Ping),
            Server(Cancel(6), Cancel(6)),
            Server(Revoke),
            Server(Cut)
        ),
    ];

    private static IEnumerable<Scenario> Script(string name, FaceKind[] faces, params Actor[] actors) =>
        Script(name, faces, beforeConfirm: false, actors);

    private static IEnumerable<Scenario> Script(
        string name,
        FaceKind[] faces,
        bool beforeConfirm,
        params Actor[] actors
    ) =>
        from transport in Enum.GetValues<TransportKind>()
        from face in faces
        select new Scenario(name, transport, face, face, beforeConfirm, actors);
}
