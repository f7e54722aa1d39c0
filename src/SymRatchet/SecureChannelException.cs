namespace SymRatchet;

/// <summary>
/// A channel or its handshake failed. The channel is over; connect again. Its text never holds a key or a payload.
/// </summary>
public sealed class SecureChannelException : IOException
{
    /// <summary>Makes an exception without a reason; the library always gives one.</summary>
    public SecureChannelException()
        : this(SecureChannelError.Aborted, "The channel failed.") { }

    /// <summary>Makes an exception without a reason; the library always gives one.</summary>
    /// <param name="message">What happened, in a sentence.</param>
    public SecureChannelException(string message)
        : this(SecureChannelError.Aborted, message) { }

    /// <summary>Makes an exception without a reason; the library always gives one.</summary>
    /// <param name="message">What happened, in a sentence.</param>
    /// <param name="innerException">What caused it.</param>
    public SecureChannelException(string message, Exception innerException)
        : this(SecureChannelError.Aborted, message, innerException) { }

    /// <summary>Makes an exception with a reason.</summary>
    /// <param name="error">The reason.</param>
    /// <param name="message">What happened, in a sentence.</param>
    /// <param name="innerException">What caused it, where something did.</param>
    public SecureChannelException(SecureChannelError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>Why the channel ended.</summary>
    public SecureChannelError Error { get; }

    /// <summary>
    /// Whether connecting again may succeed although nobody changes anything. Not where this side ended the channel
    /// itself. Everything else can be the work of whoever has the wire, an error of authentication or a message that is
    /// none of this protocol too: one changed bit must not stop a client for good.
    /// </summary>
    public bool IsTransient =>
        Error is not (SecureChannelError.None or SecureChannelError.Aborted or SecureChannelError.Canceled);

    /// <summary>What happened, without the sentence that says what it means.</summary>
    internal string Detail { get; private init; } = "";

    internal static SecureChannelException Of(SecureChannelError error, string detail, Exception? cause = null) =>
        new(error, $"{Sentence(error)} ({detail})", cause) { Detail = detail };

    private static string Sentence(SecureChannelError error) =>
        error switch
        {
            SecureChannelError.Authentication =>
                "The peer did not prove the key: unknown id, wrong key, or a message changed on the way.",
            SecureChannelError.UnexpectedMessage => "The peer sent a message that is not allowed here.",
            SecureChannelError.UnexpectedRound =>
                "A message came out of order: replayed, dropped or swapped on the way.",
            SecureChannelError.Malformed => "The peer does not speak this protocol.",
            SecureChannelError.Limit => "The peer went above a limit.",
            SecureChannelError.Timeout => "The peer took too long.",
            SecureChannelError.Refused =>
                "The server hung up during the handshake: it does not know this id, key, server name, protocol or "
                    + "suite, or had no room.",
            SecureChannelError.Truncated => "The stream ended without an authenticated close; data may be missing.",
            SecureChannelError.TerminatedByPeer => "The peer ended the session.",
            SecureChannelError.KeyStore => "The key store has no usable key, or failed.",
            SecureChannelError.Transport => "The connection beneath the channel failed.",
            SecureChannelError.Canceled =>
                "A call was cancelled while a message was half sent; the channel cannot go on.",
            _ => "The channel was ended by this side.",
        };
}
