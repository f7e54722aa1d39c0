namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>A refused connection or an ended session as the page is told of it.</summary>
/// <param name="Number">Counts all failures, from 1.</param>
/// <param name="At">When, in UTC.</param>
/// <param name="Stage">How far it had come.</param>
/// <param name="Reason">Why, in one of a few words.</param>
/// <param name="Who">A client and its address where the client is proven, otherwise the address alone.</param>
/// <param name="Detail">Why, in a sentence.</param>
internal sealed record FailureView(
    long Number,
    DateTimeOffset At,
    FailureStage Stage,
    string Reason,
    string Who,
    string Detail
);
