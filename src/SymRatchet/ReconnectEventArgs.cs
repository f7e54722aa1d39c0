namespace SymRatchet;

/// <summary>A wait of a <see cref="ReconnectingClient"/> before its next attempt.</summary>
public sealed class ReconnectEventArgs : EventArgs
{
    internal ReconnectEventArgs(SecureChannelException? error, TimeSpan delay)
    {
        Error = error;
        Delay = delay;
    }

    /// <summary>Why the last attempt failed; null where it succeeded, and its channel has been given up.</summary>
    public SecureChannelException? Error { get; }

    /// <summary>How long it waits now.</summary>
    public TimeSpan Delay { get; }
}
