namespace SymRatchet.Tests.Explorer;

/// <summary>
/// Everything that is true at one moment: two stores, the handshakes that run, every message ever sent (each can be
/// delivered again at any time), and the sessions that were made. Immutable; two worlds are equal if their keys are.
/// </summary>
internal sealed record World(
    long ClientEpoch,
    long ServerEpoch,
    int ClientsStarted,
    int ServersStarted,
    int[] Running,
    int[] Messages,
    int[] Sessions,
    long[] OwedWrites
)
{
    internal static World First { get; } = new(0, 0, 0, 0, [], [], [], []);

    internal string Key =>
        string.Join(
            '|',
            ClientEpoch,
            ServerEpoch,
            ClientsStarted,
            ServersStarted,
            string.Join(',', Running),
            string.Join(',', Messages),
            string.Join(',', Sessions),
            string.Join(',', OwedWrites)
        );

    internal World Replace(int running, int? by) =>
        this with
        {
            Running = Sorted(by is { } next ? [.. Without(running), next] : Without(running)),
        };

    internal World Run(int node) => this with { Running = Sorted([.. Running, node]) };

    internal World Send(int message) =>
        Messages.Contains(message) ? this : this with { Messages = Sorted([.. Messages, message]) };

    internal World Establish(int session) => this with { Sessions = Sorted([.. Sessions, session]) };

    private int[] Without(int node)
    {
        int index = Array.IndexOf(Running, node);
        return [.. Running[..index], .. Running[(index + 1)..]];
    }

    private static int[] Sorted(int[] values)
    {
        Array.Sort(values);
        return values;
    }
}
