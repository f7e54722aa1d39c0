namespace SymRatchet.Comparison;

/// <summary>What was asked for cannot be done here, and the message says in one line why.</summary>
internal sealed class UsageException(string message) : Exception(message);
