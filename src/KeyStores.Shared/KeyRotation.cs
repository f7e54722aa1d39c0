namespace SymRatchet.KeyStores;

/// <summary>
/// Gives an identity a new key, whichever database the store is in. Nothing is locked while the wrapper works; the key
/// is written only if the identity still has the keys with which it was compared.
/// </summary>
/// <param name="role">The role of the store.</param>
/// <param name="wrapping">The wrapping that the key gets.</param>
internal sealed class KeyRotation(ChannelRole role, KeyWrapping wrapping)
{
    /// <summary>Reads the state and the record of an identity; nulls if the id is unknown.</summary>
    internal delegate ValueTask<(KeyState? State, KeyRecord? Record)> ReadAsync(
        ClientId id,
        CancellationToken cancellationToken
    );

    /// <summary>Takes a serial; returns null if the write takes one itself.</summary>
    internal delegate ValueTask<long?> TakeSerialAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes the wrapped key, which it disposes. Returns false if the identity has other keys than the expected ones.
    /// </summary>
    internal delegate ValueTask<bool> WriteAsync(
        StoredKey key,
        WrappedKey wrapped,
        long? serial,
        KeyState expected,
        CancellationToken cancellationToken
    );

    /// <summary>Rotates to a key.</summary>
    /// <exception cref="KeyNotFoundException">The id is unknown.</exception>
    /// <exception cref="ArgumentException">The key may not follow the one that the identity has.</exception>
    /// <exception cref="KeyStoreException">The store or its wrapper fails.</exception>
    internal async ValueTask RunAsync(
        StoredKey key,
        ReadAsync read,
        KeyRewrap.OpenAsync open,
        TakeSerialAsync takeSerial,
        WriteAsync write,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(key);
        long? serial = null;
        for (int attempt = 0; attempt < KeyState.MaxAttempts; attempt++)
        {
            (KeyState? state, KeyRecord? current) = await read(key.Id, cancellationToken).ConfigureAwait(false);
            if (state is not { } expected || current is null)
                throw KeyStoreErrors.KeyNotFound(key.Id);
            KeyStoreRules.CheckRotation(role, key, current);
            await RefuseSameAsync(key, open, cancellationToken).ConfigureAwait(false);
            serial ??= await takeSerial(cancellationToken).ConfigureAwait(false);
            WrappedKey wrapped = await wrapping.WrapAsync(key, serial ?? 0, cancellationToken).ConfigureAwait(false);
            if (await write(key, wrapped, serial, expected, cancellationToken).ConfigureAwait(false))
                return;
        }

        throw KeyState.MovedOn(key.Id);
    }

    // A rotation replaces a key that cannot be read any more, whatever it was.
    private async ValueTask RefuseSameAsync(
        StoredKey key,
        KeyRewrap.OpenAsync open,
        CancellationToken cancellationToken
    )
    {
        (OpenedKeys? found, _) = await open(key.Id, wrapping, cancellationToken).ConfigureAwait(false);
        using (found)
        {
            if (found?.Key is { } current)
                KeyStoreRules.CheckIsNew(key, current);
        }
    }
}
