namespace SymRatchet.Session;

/// <summary>
/// A handshake between two steps. Each state is a type that says what it waits for: a frame, a key, a send. It is used
/// once: the step returns the next state, and the old one refuses to be used again. A store is IO too, so a state only
/// asks for it, and a test can stop, crash or replay between any two steps.
/// </summary>
internal abstract class HandshakeState : IDisposable
{
    private bool _consumed;

    /// <summary>What the step to this state noticed.</summary>
    internal HandshakeAlarm Alarm { get; init; }

    /// <summary>Whether the step to this state proved to a server that its client is there and holds the key.</summary>
    internal bool IsClientProven { get; init; }

    /// <summary>Marks the state as used. Two uses would be two uses of the same nonce.</summary>
    protected void Consume()
    {
        if (_consumed)
            throw new InvalidOperationException($"The handshake state {GetType().Name} was already used.");
        _consumed = true;
    }

    /// <summary>Erases what an abandoned state still holds.</summary>
    public virtual void Dispose() { }
}
