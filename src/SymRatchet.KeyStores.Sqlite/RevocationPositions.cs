namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Up to which revocation the watches that ended have told, so that one which follows leaves out none. Thread-safe.</summary>
/// <param name="opened">The last revocation when the store was opened, where a watch starts that follows none.</param>
internal sealed class RevocationPositions(RevocationPosition opened)
{
    private readonly Lock _gate = new();
    private readonly HashSet<RevocationPosition> _ended = [];

    /// <summary>
    /// Where a new watch starts: nobody says which of those that ended it follows, so at all of them. The next one starts at the store's
    /// opening, and tells some twice.
    /// </summary>
    internal RevocationPosition[] Start()
    {
        lock (_gate)
        {
            RevocationPosition[] start = _ended.Count == 0 ? [opened] : [.. _ended];
            _ended.Clear();
            return start;
        }
    }

    internal void End(RevocationPosition[] positions)
    {
        lock (_gate)
            _ended.UnionWith(positions);
    }
}
