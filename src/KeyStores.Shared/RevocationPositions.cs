namespace SymRatchet.KeyStores;

/// <summary>
/// The positions up to which the watches that ended have reported revocations, so that a watch which follows one of
/// them misses none. Thread-safe.
/// </summary>
/// <typeparam name="T">A position; its default is the beginning, before every revocation.</typeparam>
/// <param name="opened">
/// The last revocation when the store was opened, from which a watch goes on that follows no other.
/// </param>
internal sealed class RevocationPositions<T>(T opened)
    where T : struct
{
    private const int MaxEnded = 16;

    private readonly Lock _gate = new();
    private readonly HashSet<T> _ended = [];
    private int _notFollowed;

    /// <summary>
    /// Returns where a new watch starts: at all positions, since nobody says which of the watches that ended it
    /// follows. They are kept until each of those has been followed; some revocations are reported twice.
    /// </summary>
    internal T[] Start()
    {
        lock (_gate)
        {
            if (_notFollowed == 0)
                return [opened];
            T[] start = [.. _ended];
            if (--_notFollowed == 0)
                _ended.Clear();
            return start;
        }
    }

    /// <summary>Keeps the positions of a watch that has ended.</summary>
    internal void End(T[] positions)
    {
        lock (_gate)
        {
            _notFollowed++;
            _ended.UnionWith(positions);
            if (_ended.Count <= MaxEnded)
                return;

            // The beginning is lower than all of them.
            _ended.Clear();
            _ended.Add(default);
        }
    }
}
