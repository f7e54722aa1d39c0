namespace SymRatchet.KeyStores;

/// <summary>
/// Rewraps all keys of a store, whichever database it is in. What is wrong with one identity does not keep the others
/// from it; they are named at the end.
/// </summary>
/// <param name="directory">The store.</param>
/// <param name="name">What messages call the store.</param>
/// <param name="wrapping">The wrapping that the keys get.</param>
/// <param name="previous">The wrapper that they have; null for that of <paramref name="wrapping"/>.</param>
internal sealed class KeyRewrap(IKeyDirectory directory, string name, KeyWrapping wrapping, IKeyWrapper? previous)
{
    private const int MaxNames = 10;

    private readonly KeyWrapping _opening = previous is null ? wrapping : wrapping.With(previous);

    /// <summary>
    /// Reads and opens the keys of an identity; nothing where it is unknown or revoked. A failure that is returned is
    /// of this identity; one that is thrown is of the store, or a wrapper that does not answer, and ends the work.
    /// </summary>
    internal delegate ValueTask<(OpenedKeys? Opened, KeyStoreException? Failure)> OpenAsync(
        ClientId id,
        KeyWrapping opening,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Writes wrapped keys, which it disposes, where the identity still is in the expected state and its root key is
    /// still wrapped as the digest says. False where not: another rewrap may have gone ahead, to a newer wrapping key.
    /// </summary>
    internal delegate ValueTask<(bool IsWritten, KeyStoreException? Failure)> WriteAsync(
        ClientId id,
        WrappedKey wrapped,
        KeyState expected,
        byte[] digestOfRoot,
        CancellationToken cancellationToken
    );

    /// <summary>Rewraps every key that needs it.</summary>
    /// <returns>How many identities were rewrapped.</returns>
    /// <exception cref="KeyStoreException">Some were not; the message names them.</exception>
    internal async ValueTask<int> RunAsync(OpenAsync open, WriteAsync write, CancellationToken cancellationToken)
    {
        int count = 0;
        List<string> failed = [];
        KeyStoreException? first = null;
        await foreach (KeyRecord record in directory.ListAllAsync(cancellationToken).ConfigureAwait(false))
        {
            (bool isWritten, KeyStoreException? failure) = await RunOneAsync(record.Id, open, write, cancellationToken)
                .ConfigureAwait(false);
            if (isWritten)
                count++;
            if (failure is null)
                continue;
            first ??= failure;
            failed.Add(record.Id.ToString());
        }

        if (first is null)
            return count;
        string names = string.Join(", ", failed.Take(MaxNames)) + (failed.Count > MaxNames ? ", ..." : "");
        throw new KeyStoreException(
            $"{failed.Count} identities of the {name} are not rewrapped, all others are: {names}. {first.Message}",
            first
        );
    }

    private async ValueTask<(bool IsWritten, KeyStoreException? Failure)> RunOneAsync(
        ClientId id,
        OpenAsync open,
        WriteAsync write,
        CancellationToken cancellationToken
    )
    {
        for (int attempt = 0; attempt < KeyState.MaxAttempts; attempt++)
        {
            (OpenedKeys? found, KeyStoreException? failure) = await open(id, _opening, cancellationToken)
                .ConfigureAwait(false);
            using (found)
            {
                if (found?.Key is not { } key || (previous is null && found.AreCurrent))
                    return (false, failure);
                WrappedKey wrapped;
                try
                {
                    wrapped = await wrapping.WrapAgainAsync(key, cancellationToken).ConfigureAwait(false);
                }
                catch (KeyStoreException e) when (!KeyWrapping.IsTimeout(e))
                {
                    return (false, e);
                }

                KeyState expected = new(key.Serial, key.Epoch, key.Successor?.Serial, HasKeys: true);
                (bool isWritten, failure) = await write(id, wrapped, expected, found.DigestOfRoot!, cancellationToken)
                    .ConfigureAwait(false);
                if (isWritten || failure is not null)
                    return (isWritten, failure);
            }
        }

        return (false, KeyState.MovedOn(id));
    }
}
