using SymRatchet.Session;

namespace SymRatchet.Tests.Explorer;

/// <summary>
/// What one handshake waits for after one history of inputs. The same history always leads to the same node.
/// </summary>
internal sealed class HandshakeNode
{
    internal required int Id { get; init; }

    internal required ChannelRole Role { get; init; }

    internal required NodeKind Kind { get; init; }

    /// <summary>The number of the message that a <see cref="NodeKind.Send"/> sends.</summary>
    internal int Message { get; init; }

    /// <summary>
    /// The epoch that a <see cref="NodeKind.Advance"/> writes, or that an <see cref="NodeKind.Established"/> session
    /// grew from.
    /// </summary>
    internal long Epoch { get; init; }

    /// <summary>The number of the session's keys, equal at both ends if and only if the keys are.</summary>
    internal int Keys { get; init; }

    /// <summary>The real code's inputs that lead here.</summary>
    internal required Func<HandshakeState> Replay { get; init; }
}
