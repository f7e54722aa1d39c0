namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// A position in the history of a store's revocations. Its number alone may be used again, by a database that was
/// restored or a standby that took over; its random tag is not.
/// </summary>
internal readonly record struct RevocationPosition(long Number, Guid Tag);
