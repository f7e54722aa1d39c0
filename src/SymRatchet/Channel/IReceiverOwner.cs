namespace SymRatchet.Channel;

/// <summary>What the receiving half reports to its channel.</summary>
internal interface IReceiverOwner
{
    /// <summary>Ends the channel.</summary>
    /// <returns>What the call in progress throws: the first failure is kept.</returns>
    SecureChannelException Fail(SecureChannelError error, string detail, Exception? cause = null);

    void PeerClosed();

    void Answered(ulong token);

    /// <summary>Called when the session has a reply to send.</summary>
    void PostReply();
}
