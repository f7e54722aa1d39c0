namespace SymRatchet.Revocation.Tests;

/// <summary>Through what a server talks to a client.</summary>
public enum Surface
{
    Channel,
    Stream,
    Pipe,
    Aggregation,
    Http1,
    Http2,
    Grpc,
    SignalR,
    WebSocket,
    ServerSentEvents,
}

/// <summary>What goes on when the client is revoked, seen from the server.</summary>
public enum Activity
{
    /// <summary>The client sends, and the server takes it.</summary>
    Reading,

    /// <summary>The server sends, and the client takes it.</summary>
    Writing,

    /// <summary>Both wait for the other to say something.</summary>
    Idle,

    /// <summary>
    /// The client has sent something that the server has not taken, and takes nothing more. Nobody calls anything.
    /// </summary>
    NeverReads,

    /// <summary>The server is in a write that does not return, since the client takes nothing.</summary>
    Blocked,
}

/// <summary>Where the keys are.</summary>
public enum StoreKind
{
    InMemory,
    Sqlite,
    PostgreSql,
}

/// <summary>Who revokes, and under which circumstances.</summary>
public enum Circumstance
{
    SameObject,

    /// <summary>A second store object on the same file or database.</summary>
    OtherObject,

    /// <summary>The tool, as a process of its own.</summary>
    OtherProcess,

    /// <summary>What the server hears of revocations by had broken, and was repaired a moment ago.</summary>
    Reconnected,

    /// <summary>The server's clocks were set back by an hour a moment ago.</summary>
    ClockBack,
}

/// <summary>All combinations, and those that make no sense.</summary>
internal static class Matrix
{
    internal static IEnumerable<(Surface Surface, Activity Activity)> Flows =>
        from surface in Enum.GetValues<Surface>()
        from activity in Enum.GetValues<Activity>()
        where WhyNot(surface, activity) is null
        select (surface, activity);

    internal static IEnumerable<(StoreKind Kind, Circumstance Circumstance)> Stores =>
        from kind in Enum.GetValues<StoreKind>()
        from circumstance in Enum.GetValues<Circumstance>()
        where WhyNot(kind, circumstance) is null
        select (kind, circumstance);

    /// <summary>
    /// Whether the framework takes what comes before its user asks for it. A hub method that goes on to read its
    /// upload after the end finds what the hub had taken by then, and nothing else.
    /// </summary>
    internal static bool HasQueueOfItsOwn(Surface surface) => surface == Surface.SignalR;

    private static string? WhyNot(Surface surface, Activity activity) =>
        (surface, activity) switch
        {
            (Surface.ServerSentEvents, Activity.Reading) => "events go one way",
            (Surface.Aggregation, Activity.Writing) => "an answer follows a contribution: that is Reading",
            _ => null,
        };

    // The clock of a PostgreSQL server cannot be set back by a test; only those of the process are. The order of its
    // revocations goes by their numbers, which RevocationOrderTests hold.
    private static string? WhyNot(StoreKind kind, Circumstance circumstance) =>
        (kind, circumstance) switch
        {
            (StoreKind.InMemory, Circumstance.OtherObject or Circumstance.OtherProcess) => "nobody else sees it",
            (StoreKind.InMemory, Circumstance.Reconnected) => "there is no connection",
            _ => null,
        };
}
