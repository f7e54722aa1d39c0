using System.Buffers;
using System.Security.Cryptography;

namespace SymRatchet.Streams;

/// <summary>Memory for pipes that hold plaintext, which goes back to the pool of arrays as zeros.</summary>
internal sealed class ErasingMemoryPool(ArrayPool<byte> pool) : MemoryPool<byte>
{
    /// <summary>
    /// Any size: what is larger, a pipe rents from the shared pool of arrays, and gives back as it is.
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
