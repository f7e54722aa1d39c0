using System.Security.Cryptography;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>
/// Writes the number of its newest wrapping key before a key, and opens what is of one that it still has.
/// </summary>
internal sealed class VersionedWrapper : IKeyWrapper
{
    internal byte Newest { get; set; } = 1;

    internal byte Oldest { get; set; } = 1;

    /// <summary>Whether the next root key that is wrapped is held until <see cref="Released"/>.</summary>
    internal bool HoldsNext { get; set; }

    internal TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    )
    {
        byte[] wrapped = [Newest, .. key.Span];
        if (HoldsNext && context.Epoch is not null)
        {
            HoldsNext = false;
            Held.SetResult();
            await Released.Task.WaitAsync(cancellationToken);
        }

        return wrapped;
    }

    public ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    )
    {
        byte version = wrapped.Span[0];
        if (version < Oldest)
            throw new CryptographicException("The wrapping key was destroyed.");
        wrapped[1..].CopyTo(key);
        return ValueTask.FromResult(version == Newest);
    }
}
