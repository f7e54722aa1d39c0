using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SymRatchet.Documents.Tests.Examples.Extending;

/// <summary>
/// The key of one device in one small file, for a client with no room for a database: the key that never changes, two
/// slots for root keys, and the id. A new root key goes to the free slot and is flushed before the old one is erased,
/// so a crash at any instant leaves a key that reads back.
/// </summary>
internal sealed class KeyFileStore(string path) : IKeyStore
{
    private const int EpochSize = sizeof(long);
    private const int SlotSize = EpochSize + PreSharedKey.Size + SHA256.HashSizeInBytes;
    private const int IdOffset = PreSharedKey.Size + (2 * SlotSize);
    private const long Serial = 1;

    private readonly Lock _gate = new();

    /// <summary>Makes the file. Only its owner may read it.</summary>
    internal static void Create(string path, PreSharedKey key)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using StoredKey imported = key.ImportFor(ChannelRole.Client);
        using FileStream file = new(path, options);
        file.Write(imported.IdentityKey);
        WriteSlot(file, 0, imported.Epoch, imported.EpochKey);
        file.Write(new byte[SlotSize]);
        file.Write(imported.Id.Bytes);
        file.Flush(flushToDisk: true);
    }

    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            StoredKey key = Read(File.ReadAllBytes(path), out _);
            if (key.Id == id)
                return new(key);
            key.Dispose();
            return default;
        }
    }

    public ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    )
    {
        lock (_gate)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            byte[] content = new byte[file.Length];
            file.ReadExactly(content);
            using StoredKey current = Read(content, out int slot);
            if (serial != Serial || current.Id != id)
                throw new KeyNotFoundException($"The file holds no such key for {id}.");
            if (epoch <= current.Epoch)
                return default; // handshakes run in parallel; the other was further

            WriteSlot(file, 1 - slot, epoch, epochKey.Span);
            file.Flush(flushToDisk: true); // from here on the new key is what a restart finds
            file.Position = PreSharedKey.Size + (slot * SlotSize);
            file.Write(new byte[SlotSize]);
            file.Flush(flushToDisk: true); // and from here on the old one is gone
            return default;
        }
    }

    private static void WriteSlot(FileStream file, int slot, long epoch, ReadOnlySpan<byte> epochKey)
    {
        Span<byte> bytes = stackalloc byte[SlotSize];
        BinaryPrimitives.WriteInt64BigEndian(bytes, epoch);
        epochKey.CopyTo(bytes[EpochSize..]);
        // tells a slot that was half written
        SHA256.HashData(bytes[..^SHA256.HashSizeInBytes], bytes[^SHA256.HashSizeInBytes..]);
        file.Position = PreSharedKey.Size + (slot * SlotSize);
        file.Write(bytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    private static StoredKey Read(byte[] content, out int slot)
    {
        try
        {
            slot = EpochOf(content, 0) >= EpochOf(content, 1) ? 0 : 1;
            if (EpochOf(content, slot) < 0)
                throw new KeyStoreException("No slot of the key file reads back.");
            ReadOnlySpan<byte> bytes = SlotOf(content, slot);
            return new StoredKey(
                ChannelProtocol.V1,
                ChannelRole.Client,
                new ClientId(content.AsSpan(IdOffset)),
                KeyEvolution.Forward,
                content.AsSpan(0, PreSharedKey.Size),
                EpochOf(content, slot),
                bytes.Slice(EpochSize, PreSharedKey.Size)
            )
            {
                Serial = Serial,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>The epoch of a slot, or -1 where the slot is empty or was half written.</summary>
    private static long EpochOf(byte[] content, int slot)
    {
        ReadOnlySpan<byte> bytes = SlotOf(content, slot);
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..^SHA256.HashSizeInBytes], expected);
        return expected.SequenceEqual(bytes[^SHA256.HashSizeInBytes..])
            ? BinaryPrimitives.ReadInt64BigEndian(bytes)
            : -1;
    }

    private static ReadOnlySpan<byte> SlotOf(byte[] content, int slot) =>
        content.Length > IdOffset
            ? content.AsSpan(PreSharedKey.Size + (slot * SlotSize), SlotSize)
            : throw new KeyStoreException("The key file is too short.");
}
