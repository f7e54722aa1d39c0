using System.Buffers;
using System.Security.Cryptography;

namespace SymRatchet.Streams;

/// <summary>Memory for pipes that hold plaintext; zeroed before it is returned to the array pool.</summary>
internal sealed class ErasingMemoryPool(ArrayPool<byte> pool) : MemoryPool<byte>
{
    /// <summary>
    /// Unlimited: a pipe rents larger buffers from the shared array pool, and returns them without zeroing.
    /// </summary>
    public override int MaxBufferSize => Array.MaxLength;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        new Owner(pool, pool.Rent(minBufferSize < 0 ? SecureChannelStream.MaxChunk : minBufferSize));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) { }

    private sealed class Owner(ArrayPool<byte> pool, byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is not { } array)
                return;
            CryptographicOperations.ZeroMemory(array);
            pool.Return(array);
        }
    }
}
