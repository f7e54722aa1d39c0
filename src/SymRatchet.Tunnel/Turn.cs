namespace SymRatchet.Tunnel;

/// <summary>
/// Counts the reads of one connection for which it did not have to wait. What follows a read may run on the thread that
/// waits for all sockets (the tool lets .NET do so), and a connection that always has bytes would keep it from others.
/// </summary>
internal struct Turn
{
    /// <summary>The most reads of one turn.</summary>
    internal const int Most = 16;

    private int _reads;

    /// <summary>Counts a read.</summary>
    /// <param name="hadToWait">Whether the thread went elsewhere meanwhile.</param>
    /// <returns>Whether the thread is to be given back, with <see cref="Task.Yield"/>.</returns>
    internal bool IsOver(bool hadToWait)
    {
        _reads = hadToWait ? 0 : _reads + 1;
        if (_reads < Most)
            return false;
        _reads = 0;
        return true;
    }
}
