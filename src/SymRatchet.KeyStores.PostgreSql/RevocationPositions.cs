namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Up to which revocation each watch of a store has told, so that one which follows goes on from there. Thread-safe.
/// </summary>
/// <param name="opened">The store's count when it was opened; where a watch starts that follows none.</param>
internal sealed class RevocationPositions(long opened)
{
    private readonly Lock _gate = new();
    private readonly List<long> _ended = [];

    /// <summary>
    /// Where a new watch starts. Nobody says which of those that ended it follows, so it is the lowest.
    /// </summary>
    internal long Start()
    {
        lock (_gate)
        {
            if (_ended.Count == 0)
                return opened;
            long start = _ended.Min();
            _ended.Remove(_ended.Max());
            return start;
        }
    }

    internal void End(long position)
    {
        lock (_gate)
            _ended.Add(position);
    }
}
