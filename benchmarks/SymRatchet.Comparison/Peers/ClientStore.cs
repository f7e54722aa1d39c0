namespace SymRatchet.Comparison.Peers;

/// <summary>Where a client keeps its key.</summary>
internal enum ClientStore
{
    /// <summary>In memory.</summary>
    Memory,

    /// <summary>In a SQLite store.</summary>
    Sqlite,

    /// <summary>In a <see cref="SymRatchet.KeyFile"/>.</summary>
    KeyFile,
}
