namespace SymRatchet.Channel;

/// <summary>What the receiving half tells of what it has read.</summary>
internal interface IReceiverOwner
{
    /// <summary>Ends the channel.</summary>
    /// <returns>What the call in progress throws: the first failure stays.</returns>
    SecureChannelException Fail(SecureChannelError error, string detail, Exception? cause = null);

    void PeerClosed();

    void Answered(ulong token);

    /// <summary>The session has an answer for the peer.</summary>
    void PostReply();
}
