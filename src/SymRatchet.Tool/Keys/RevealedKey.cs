namespace SymRatchet.Tool.Keys;

/// <summary>An identity as JSON, with its secret keys.</summary>
internal sealed class RevealedKey(KeyView view, string identityKey, string epochKey)
{
    public string Id => view.Id;

    public string State => view.State;

    public string Protocol => view.Protocol;

    public string Evolution => view.Evolution;

    public long Epoch => view.Epoch;

    public string[] Suites => view.Suites;

    public DateTimeOffset Added => view.Added;

    public DateTimeOffset? LastSeen => view.LastSeen;

    public DateTimeOffset? Revoked => view.Revoked;

    public string IdentityKey => identityKey;

    public string EpochKey => epochKey;
}
