namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Up to which revocation the watches that ended have told, so that one which follows leaves out none. Thread-safe.
/// </summary>
/// <param name="opened">The last revocation when the store was opened, where a watch starts that follows none.</param>
internal sealed class RevocationPositions(RevocationPosition opened)
{
    private readonly Lock _gate = new();
    private readonly HashSet<RevocationPosition> _ended = [];
    private int _notFollowed;

    /// <summary>
    /// Where a new watch starts: at all positions, since nobody says which of the watches that ended it follows. They
    /// stay until each of those has been followed; some revocations are told twice.
    /// </summary>
    internal RevocationPosition[] Start()
    {
        lock (_gate)
        {
            if (_notFollowed == 0)
                return [opened];
            RevocationPosition[] start = [.. _ended];
            if (--_notFollowed == 0)
                _ended.Clear();
            return start;
        }
    }

    internal void End(RevocationPosition[] positions)
    {
        lock (_gate)
        {
            _ended.UnionWith(positions);
            _notFollowed++;
        }
    }
}
