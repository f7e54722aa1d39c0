namespace SymRatchet;

/// <summary>A wait of a <see cref="ReconnectingClient"/> before its next attempt.</summary>
/// <param name="error">Why the last attempt failed; null where it succeeded, and its channel has been given up.</param>
/// <param name="delay">How long it waits now.</param>
public sealed class ReconnectEventArgs(SecureChannelException? error, TimeSpan delay) : EventArgs
{
    /// <summary>Why the last attempt failed; null where it succeeded, and its channel has been given up.</summary>
    public SecureChannelException? Error { get; } = error;

    /// <summary>How long it waits now.</summary>
    public TimeSpan Delay { get; } = delay;
}
