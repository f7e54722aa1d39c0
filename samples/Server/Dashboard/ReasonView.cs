namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>How often something failed for one reason.</summary>
internal sealed record ReasonView(FailureStage Stage, string Reason, long Count);
