namespace SymRatchet;

/// <summary>
/// A key store that cannot be opened, read or written. The message says which, and what can be done; it never holds a
/// key.
/// </summary>
public sealed class KeyStoreException : IOException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public KeyStoreException() { }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which store, and what can be done; never a key.</param>
    public KeyStoreException(string message)
        : base(message) { }

    /// <summary>Makes an exception with a cause.</summary>
    /// <param name="message">Which store, and what can be done; never a key.</param>
    /// <param name="innerException">What caused it.</param>
    public KeyStoreException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>
    /// Gets whether the store cannot tell if the change was made: it may be there, now or later. False, the default,
    /// where the change was certainly not made, or none was asked for.
    /// </summary>
    public bool IsOutcomeUnknown { get; init; }
}
