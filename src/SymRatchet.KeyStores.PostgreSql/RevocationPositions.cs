namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// A revocation that was told. Its number alone may be handed out again, by a database that was restored or a standby
/// that took over; its random tag is not.
/// </summary>
internal readonly record struct RevocationPosition(long Number, Guid Tag);

/// <summary>
/// Up to which revocation each watch of a store has told, so that one which follows goes on from there. Thread-safe.
/// </summary>
/// <param name="opened">The store's last revocation when it was opened; where a watch starts that follows none.</param>
internal sealed class RevocationPositions(RevocationPosition opened)
{
    private const int MaxEnded = 16;

    private readonly Lock _gate = new();
    private readonly HashSet<RevocationPosition> _ended = [];
    private int _unfollowed;

    /// <summary>
    /// Where a new watch starts. Nobody says which of those that ended it follows, so it is the lowest of all, and the
    /// beginning as soon as one of them is of the past that a restore took away.
    /// </summary>
    internal RevocationPosition[] Start()
    {
        lock (_gate)
        {
            if (_unfollowed == 0)
                return [opened];
            RevocationPosition[] start = [.. _ended];
            if (--_unfollowed == 0)
                _ended.Clear();
            return start;
        }
    }

    internal void End(RevocationPosition[] positions)
    {
        lock (_gate)
        {
            _unfollowed++;
            _ended.UnionWith(positions);
            if (_ended.Count <= MaxEnded)
                return;

            // The beginning is lower than all of them.
            _ended.Clear();
            _ended.Add(default);
        }
    }
}
