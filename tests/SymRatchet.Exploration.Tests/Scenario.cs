using SymRatchet.Exploration.World;

namespace SymRatchet.Exploration;

internal enum TransportKind
{
    Pipe,
    Stream,
}

internal enum OpKind
{
    Send,
    Write,
    Flush,
    Receive,
    Ping,
    HalfClose,
    Abort,
    Dispose,
    CancelOther,
    Revoke,
    Cut,
    Wait,
}

/// <summary>
/// One call, or something that happens. Size is a message's length, Target the actor whose pending call is cancelled.
/// </summary>
internal readonly record struct Op(OpKind Kind, int Size = 0, int Target = 0)
{
    internal static readonly Op Flush = new(OpKind.Flush);
    internal static readonly Op Receive = new(OpKind.Receive);
    internal static readonly Op Ping = new(OpKind.Ping);
    internal static readonly Op HalfClose = new(OpKind.HalfClose);
    internal static readonly Op Abort = new(OpKind.Abort);
    internal static readonly Op Dispose = new(OpKind.Dispose);
    internal static readonly Op Revoke = new(OpKind.Revoke);
    internal static readonly Op Cut = new(OpKind.Cut);
    internal static readonly Op Wait = new(OpKind.Wait);

    internal static Op Send(int size = 20) => new(OpKind.Send, size);

    internal static Op Write(int size = 20) => new(OpKind.Write, size);

    /// <summary>Cancels the token of the call that this actor has pending; not enabled while there is none.</summary>
    internal static Op Cancel(int actor) => new(OpKind.CancelOther, Target: actor);
}

/// <summary>One thread of calls: the next one starts when the one before has returned.</summary>
internal sealed record Actor(bool IsClient, params Op[] Ops)
{
    internal static Actor Client(params Op[] ops) => new(IsClient: true, ops);

    internal static Actor Server(params Op[] ops) => new(IsClient: false, ops);
}

/// <summary>
/// Two channels, how they are connected and used, and who calls what. <paramref name="BeforeConfirm"/> begins when the
/// client may send and the server has not yet got its last proof.
/// </summary>
internal sealed record Scenario(
    string Name,
    TransportKind Transport,
    FaceKind ClientFace,
    FaceKind ServerFace,
    bool BeforeConfirm,
    params Actor[] Actors
)
{
    /// <summary>
    /// Less than two messages: a writer whose peer does not read is soon blocked. The client's last proof must pass
    /// unread, though.
    /// </summary>
    internal int Capacity => BeforeConfirm ? 4096 : 64;

    public override string ToString() => $"{Name} [{Transport}, {ClientFace}/{ServerFace}]";
}
