namespace SymRatchet;

/// <summary>The exception that is thrown when a key store cannot be opened, read or written.</summary>
/// <remarks>The message names the store and what can be done, and never contains a key.</remarks>
public sealed class KeyStoreException : IOException
{
    /// <summary>Initializes a new instance of the <see cref="KeyStoreException"/> class.</summary>
    public KeyStoreException() { }

    /// <summary>Initializes a new instance of the <see cref="KeyStoreException"/> class with a message.</summary>
    /// <param name="message">The store, and what can be done; never a key.</param>
    public KeyStoreException(string message)
        : base(message) { }

    /// <summary>
    /// Initializes a new instance of the <see cref="KeyStoreException"/> class with a message and a cause.
    /// </summary>
    /// <param name="message">The store, and what can be done; never a key.</param>
    /// <param name="innerException">The cause.</param>
    public KeyStoreException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Gets whether it is unknown if the change was made: it may take effect, now or later.</summary>
    /// <value>The default is false: the change was not made, or the call was not a change.</value>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>Gets whether the store was opened for the role that it does not serve.</summary>
    /// <value>The default is false. If true, the other <see cref="ChannelRole"/> is the store's.</value>
    public bool IsWrongRole { get; init; }
}
