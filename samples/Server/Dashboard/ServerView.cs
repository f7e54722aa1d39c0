namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>How the server was started, as the page is told of it.</summary>
/// <param name="Protocol">The protocol that it speaks.</param>
/// <param name="Aggregate">What it makes of a round's numbers.</param>
/// <param name="Rule">When its rounds close, in words.</param>
internal sealed record ServerView(string Protocol, string Aggregate, string Rule);
