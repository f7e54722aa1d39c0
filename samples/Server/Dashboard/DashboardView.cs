using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>All that the page shows, at one moment.</summary>
/// <param name="Server">How the server was started.</param>
/// <param name="ClientCount">How many clients are connected; <paramref name="Clients"/> may hold fewer.</param>
/// <param name="Clients">The clients, those that came first first.</param>
/// <param name="Open">The round that is open.</param>
/// <param name="RoundsClosed">How often a round was closed.</param>
/// <param name="Rounds">The rounds closed last, oldest first.</param>
/// <param name="FailureCount">How many connections and sessions failed.</param>
/// <param name="Reasons">How often for each reason.</param>
/// <param name="Failures">The failures that came last, newest first.</param>
internal sealed record DashboardView(
    ServerView Server,
    int ClientCount,
    ClientView[] Clients,
    OpenRound? Open,
    long RoundsClosed,
    ClosedRound[] Rounds,
    long FailureCount,
    ReasonView[] Reasons,
    FailureView[] Failures
);
