namespace SymRatchet.Samples;

/// <summary>A failure that the user of a sample can understand and correct; shown as one line.</summary>
public sealed class SampleException(string message, Exception? innerException = null)
    : Exception(message, innerException);
