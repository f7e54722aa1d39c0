namespace SymRatchet;

/// <summary>The exception that is thrown when a channel or its handshake has failed.</summary>
/// <remarks>The channel cannot be used any more. The message never contains a key or a payload.</remarks>
public sealed class SecureChannelException : IOException
{
    /// <summary>
    /// Initializes a new instance of the <see cref="SecureChannelException"/> class with
    /// <see cref="SecureChannelError.Aborted"/>.
    /// </summary>
    public SecureChannelException()
        : this(SecureChannelError.Aborted, "The channel failed.") { }

    /// <summary>
    /// Initializes a new instance of the <see cref="SecureChannelException"/> class with
    /// <see cref="SecureChannelError.Aborted"/>.
    /// </summary>
    /// <param name="message">The message.</param>
    public SecureChannelException(string message)
        : this(SecureChannelError.Aborted, message) { }

    /// <summary>
    /// Initializes a new instance of the <see cref="SecureChannelException"/> class with
    /// <see cref="SecureChannelError.Aborted"/>.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause.</param>
    public SecureChannelException(string message, Exception innerException)
        : this(SecureChannelError.Aborted, message, innerException) { }

    /// <summary>Initializes a new instance of the <see cref="SecureChannelException"/> class.</summary>
    /// <param name="error">The reason.</param>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause; null if there is none.</param>
    public SecureChannelException(SecureChannelError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>Gets the reason.</summary>
    public SecureChannelError Error { get; }

    /// <summary>Gets whether connecting again may succeed without intervention.</summary>
    /// <remarks>
    /// False only if this side ended the channel. Everything else, even an authentication error, can be caused by an
    /// attacker on the network: one modified bit must not stop a client permanently.
    /// </remarks>
    public bool IsTransient =>
        Error is not (SecureChannelError.None or SecureChannelError.Aborted or SecureChannelError.Canceled);

    /// <summary>The detail, without the sentence that explains the error.</summary>
    internal string Detail { get; private init; } = "";

    internal static SecureChannelException Of(SecureChannelError error, string detail, Exception? cause = null) =>
        new(error, $"{Sentence(error)} ({detail})", cause) { Detail = detail };

    private static string Sentence(SecureChannelError error) =>
        error switch
        {
            SecureChannelError.Authentication =>
                "The peer did not prove the key: unknown id, wrong key, or a message modified in transit.",
            SecureChannelError.UnexpectedMessage => "The peer sent a message that is not allowed here.",
            SecureChannelError.UnexpectedRound =>
                "A message arrived out of order: replayed, dropped or reordered in transit.",
            SecureChannelError.Malformed => "The peer does not speak this protocol.",
            SecureChannelError.Limit => "A limit was exceeded.",
            SecureChannelError.Timeout => "The peer took too long.",
            SecureChannelError.Refused =>
                "The server closed the connection during the handshake: it does not accept this id, key, server name, "
                    + "protocol or suite, or has reached a limit.",
            SecureChannelError.Truncated => "The stream ended without an authenticated close; data may be missing.",
            SecureChannelError.TerminatedByPeer => "The peer ended the session.",
            SecureChannelError.KeyStore => "The key store has no usable key, or failed.",
            SecureChannelError.Transport => "The connection beneath the channel failed.",
            SecureChannelError.Canceled =>
                "A call was cancelled while a message was partly sent; the channel cannot continue.",
            _ => "The channel was ended by this side.",
        };
}
