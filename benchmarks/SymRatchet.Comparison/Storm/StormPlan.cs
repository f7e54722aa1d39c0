namespace SymRatchet.Comparison.Storm;

/// <summary>What a storm is to be.</summary>
/// <param name="Store">The kind of the server's store.</param>
/// <param name="Clients">How many come back.</param>
/// <param name="Strangers">How many connections say nothing meanwhile.</param>
/// <param name="Addresses">How many addresses the clients have.</param>
/// <param name="Down">How long there is no server, beside the time in which it starts.</param>
/// <param name="FirstDelay">The clients' <see cref="ReconnectingClient.FirstDelay"/>.</param>
/// <param name="LongestDelay">The clients' <see cref="ReconnectingClient.LongestDelay"/>.</param>
/// <param name="Limit">How long the run waits for the last one.</param>
/// <param name="Folder">Where the server's store and the clients' key files are made.</param>
internal sealed record StormPlan(
    string Store,
    int Clients,
    int Strangers,
    int Addresses,
    TimeSpan Down,
    TimeSpan FirstDelay,
    TimeSpan LongestDelay,
    TimeSpan Limit,
    string Folder
);
