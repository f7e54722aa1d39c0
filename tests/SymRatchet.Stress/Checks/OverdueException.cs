namespace SymRatchet.Stress.Checks;

/// <summary>A call was given up, and was told of already.</summary>
internal sealed class OverdueException(string what) : Exception(what);
