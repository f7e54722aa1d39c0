namespace SymRatchet.Samples;

/// <summary>Something that the user of a sample can understand and put right; shown as one line.</summary>
public sealed class SampleException(string message, Exception? innerException = null)
    : Exception(message, innerException);
