namespace SymRatchet.KeyStores;

/// <summary>
/// Which revocations a watch has told of. Every look starts a minute before the last one: clocks differ, and what was
/// committed later may bear an earlier time.
/// </summary>
internal sealed class RevocationWindow
{
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ClientId, long> _told = [];

    internal RevocationWindow(DateTimeOffset now) => LookedAt(now.ToUnixTimeMilliseconds());

    /// <summary>The time from which revocations are looked for, in milliseconds since 1970.</summary>
    internal long Since { get; private set; }

    /// <summary>Whether the watch has not told of this revocation, and now does.</summary>
    internal bool IsNew(ClientId id, long revoked)
    {
        if (_told.GetValueOrDefault(id) == revoked)
            return false;
        _told[id] = revoked;
        return true;
    }

    /// <summary>Everything up to this time was looked at.</summary>
    internal void LookedAt(long now)
    {
        Since = Math.Max(Since, now - (long)Overlap.TotalMilliseconds);
        foreach (ClientId old in _told.Where(told => told.Value < Since).Select(told => told.Key).ToArray())
            _told.Remove(old);
    }
}
