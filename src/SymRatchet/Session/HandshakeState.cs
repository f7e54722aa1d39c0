namespace SymRatchet.Session;

/// <summary>
/// A handshake between two steps. The type of a state says what it waits for: a frame, a key, a send. A state is used
/// once: its step returns the next one. States do no IO, calls of the store included, so a test can stop, crash or
/// replay between any two steps.
/// </summary>
internal abstract class HandshakeState : IDisposable
{
    private bool _isUsed;

    /// <summary>What the step to this state detected.</summary>
    internal HandshakeAlarm Alarm { get; init; }

    /// <summary>Whether the step to this state proved to a server that its client is live and holds the key.</summary>
    internal bool IsClientProven { get; init; }

    /// <summary>Marks the state as used; a second use would reuse a nonce.</summary>
    protected void MarkUsed()
    {
        if (_isUsed)
            throw new InvalidOperationException($"The handshake state {GetType().Name} was already used.");
        _isUsed = true;
    }

    /// <summary>Erases the keys of an abandoned state.</summary>
    public virtual void Dispose() { }
}
