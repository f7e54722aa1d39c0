namespace SymRatchet;

/// <summary>Provides data for the <see cref="ReconnectingClient.Waiting"/> event.</summary>
public sealed class ReconnectEventArgs : EventArgs
{
    internal ReconnectEventArgs(SecureChannelException? error, TimeSpan delay)
    {
        Error = error;
        Delay = delay;
    }

    /// <summary>Gets the error of the last attempt; null if it succeeded and its channel has ended.</summary>
    public SecureChannelException? Error { get; }

    /// <summary>Gets the time until the next attempt.</summary>
    public TimeSpan Delay { get; }
}
