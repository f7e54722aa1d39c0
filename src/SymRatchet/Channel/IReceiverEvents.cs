using System.Diagnostics.CodeAnalysis;

namespace SymRatchet.Channel;

/// <summary>What the receiving half reports to its channel.</summary>
internal interface IReceiverEvents
{
    /// <summary>Ends the channel and throws what ended it: the first failure is kept.</summary>
    /// <returns>Nothing: it lets a caller write <c>throw</c>.</returns>
    [DoesNotReturn]
    Exception Fail(SecureChannelError error, string detail, Exception? cause = null);

    void OnPeerClosed();

    void OnPong(ulong token);

    /// <summary>Called when the session has a reply to send.</summary>
    void PostReply();
}
