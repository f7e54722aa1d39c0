namespace SymRatchet.KeyStores;

/// <summary>Memory for what a row holds of a key.</summary>
internal static class KeyMemory
{
    /// <summary>
    /// Pinned where it may be a key in plaintext, because the garbage collector leaves copies of what it moves. What is
    /// longer than a key is wrapped: copies of it tell nothing, and pinned arrays of many sizes are slow to allocate
    /// (see SecretBytes of SymRatchet).
    /// </summary>
    internal static byte[] Allocate(int length) =>
        GC.AllocateUninitializedArray<byte>(length, pinned: length <= PreSharedKey.Size);
}
