namespace SymRatchet.Exploration;

/// <summary>What must hold in every run.</summary>
internal enum Rule
{
    /// <summary>
    /// Every call returns once both channels are disposed, though the transport takes and gives nothing.
    /// </summary>
    NoDeadlock,

    /// <summary>An asynchronous call gives its thread back.</summary>
    NoCallBlocksItsThread,

    /// <summary>
    /// A call whose token is cancelled, or whose channel was ended, returns without help of the peer.
    /// </summary>
    EndedCallsReturn,

    /// <summary>A receive that waits is waiting for the transport's bytes, and for nothing else.</summary>
    ReaderWaitsForNobody,

    /// <summary>Bytes delivered are a prefix of the bytes sent.</summary>
    PrefixOfWhatWasSent,

    /// <summary>Between two channels that nobody ended, what was sent is delivered to who reads.</summary>
    WhatWasSentArrives,

    /// <summary>An end is reported only where it was sent, and after all bytes.</summary>
    EndOnlyIfSent,

    /// <summary>A close that succeeded is seen as a close by a peer that reads.</summary>
    CloseIsSeen,

    /// <summary>A peer that reads learns that the other side was ended.</summary>
    PeerIsTold,

    /// <summary>Honest peers do not see forgery.</summary>
    NoFalseAlarm,

    /// <summary>A refused call leaves its buffer alone.</summary>
    RefusedBufferUntouched,

    /// <summary>A rented buffer is returned once, by whoever uses it, and without plaintext.</summary>
    RentedBuffers,

    /// <summary>A ping returns or fails while both sides read.</summary>
    PingsReturn,

    /// <summary>No call succeeds after the end, and nothing is delivered after it.</summary>
    NothingAfterTheEnd,

    /// <summary>After the end no key is left.</summary>
    KeysErased,

    /// <summary>Calls fail with the exceptions that are documented.</summary>
    DocumentedExceptions,
}

internal sealed record Violation(Rule Rule, string Detail);
