using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>
/// Calls the wrapper of a store, which may be a service that hangs, blocks or fails: never within a transaction, within
/// a time limit of its own, and with memory that belongs to the call until the wrapper has really returned.
/// Thread-safe.
/// </summary>
/// <param name="wrapper">What wraps the keys.</param>
/// <param name="store">What messages call the store.</param>
/// <param name="timeout">How long the wrapper may take to answer.</param>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "Its semaphores hold no resources, and a call that was abandoned outlives the store."
)]
internal sealed class KeyWrapping(IKeyWrapper wrapper, string store, TimeSpan timeout)
{
    /// <summary>What a wrapper may make of one key.</summary>
    internal const int MaxWrappedLength = 4096;

    /// <summary>How many calls may be in progress, including those that were abandoned and never end.</summary>
    private const int MaxCalls = 256;

    // A wrapper that blocks its thread must not take all threads of the process.
    private static readonly int MaxThreads = Math.Max(8, Environment.ProcessorCount);

    private readonly SemaphoreSlim _calls = new(MaxCalls);
    private readonly SemaphoreSlim _threads = new(MaxThreads);

    /// <summary>Gets whether keys are stored in plaintext.</summary>
    internal bool IsPlain => wrapper is PlaintextKeyWrapper;

    private DecoyKeys Decoys => DecoyKeys.Of(wrapper);

    /// <summary>The same store with another wrapper.</summary>
    internal KeyWrapping With(IKeyWrapper other) => new(other, store, timeout);

    /// <summary>
    /// Returns whether a failure is a wrapper that did not answer, which says nothing about the key in question.
    /// </summary>
    internal static bool IsTimeout(KeyStoreException failure) => failure.InnerException is TimeoutException;

    /// <summary>
    /// Returns what a lookup opens for an id of this length that is unknown, or has fewer keys than others.
    /// </summary>
    internal ValueTask<WrappedKey> DecoyAsync(ClientId id, CancellationToken cancellationToken) =>
        Decoys.ForAsync(id, this, cancellationToken);

    /// <summary>Wraps a key for the context that it gets. The key is copied before this returns.</summary>
    internal Task<ErasedBytes> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken
    )
    {
        var own = ErasedBytes.CopyOf(key.Span);
        return RunAsync(
            async token => new ErasedBytes(
                await WrapOneAsync(own.Value, context, context.Id, token).ConfigureAwait(false)
            ),
            own,
            cancellationToken
        );
    }

    /// <summary>Wraps the keys of an identity for the serial that they get, without its successor.</summary>
    internal Task<WrappedKey> WrapAsync(StoredKey key, long serial, CancellationToken cancellationToken) =>
        WrapAsync(
            key.Id,
            ErasedBytes.CopyOf(key.IdentityKey),
            new KeyWrapContext(key.Role, key.Id, serial, null),
            ErasedBytes.CopyOf(key.EpochKey),
            new KeyWrapContext(key.Role, key.Id, serial, key.Epoch),
            cancellationToken
        );

    /// <summary>Wraps the keys of an identity for the places that they have, its successor included.</summary>
    internal async Task<WrappedKey> WrapAgainAsync(StoredKey key, CancellationToken cancellationToken)
    {
        WrappedKey? next = key.Successor is { } successor
            ? await WrapAsync(successor, successor.Serial, cancellationToken).ConfigureAwait(false)
            : null;
        try
        {
            WrappedKey wrapped = await WrapAsync(key, key.Serial, cancellationToken).ConfigureAwait(false);
            return wrapped with { Next = next };
        }
        catch
        {
            next?.Dispose();
            throw;
        }
    }

    /// <summary>Wraps random keys of no client, on behalf of a lookup.</summary>
    internal Task<WrappedKey> WrapDecoyAsync(ClientId id, CancellationToken cancellationToken) =>
        WrapAsync(
            id,
            RandomKey(),
            DecoyKeys.PlaceOf(id.Length, null),
            RandomKey(),
            DecoyKeys.PlaceOf(id.Length, 0),
            cancellationToken
        );

    /// <summary>Opens what a row holds. All parts are asked for at once, and the row is erased at the end.</summary>
    /// <param name="keys">What the row holds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">A key cannot be opened; the message names its client.</exception>
    internal Task<OpenedKeys> UnwrapAsync(SealedKeys keys, CancellationToken cancellationToken) =>
        UnwrapAsync(keys, digestOfRoot: null, cancellationToken);

    /// <summary>
    /// As <see cref="UnwrapAsync(SealedKeys, CancellationToken)"/>, and remembers how it was wrapped.
    /// </summary>
    internal Task<OpenedKeys> UnwrapToRewrapAsync(SealedKeys keys, CancellationToken cancellationToken) =>
        UnwrapAsync(keys, keys.DigestOfRoot(), cancellationToken);

    private Task<OpenedKeys> UnwrapAsync(SealedKeys keys, byte[]? digestOfRoot, CancellationToken cancellationToken) =>
        RunAsync(
            async token =>
            {
                Task<bool>[] opening = [.. keys.Parts.Select(part => OpenAsync(part, keys.Id, token))];
                bool[] areCurrent = await Task.WhenAll(opening).ConfigureAwait(false);
                return new OpenedKeys(keys.Build(), Array.TrueForAll(areCurrent, isCurrent => isCurrent))
                {
                    DigestOfRoot = digestOfRoot,
                };
            },
            keys,
            cancellationToken
        );

    /// <summary>Wraps and opens a random key, as a handshake does those of its client.</summary>
    internal async Task ProbeAsync(ChannelRole role, CancellationToken cancellationToken)
    {
        KeyWrapContext context = new(role, DecoyKeys.Nobody, serial: 0, epoch: 0);
        using ErasedBytes key = RandomKey();
        byte[] wrapped;
        using (ErasedBytes made = await WrapAsync(key.Value, context, cancellationToken).ConfigureAwait(false))
            wrapped = [.. made.Value];
        SealedPart part = new(wrapped, context, key.Value.Length);
        await RunAsync(token => UnwrapOneAsync(part, context.Id, token), part, cancellationToken).ConfigureAwait(false);
    }

    private Task<WrappedKey> WrapAsync(
        ClientId id,
        ErasedBytes identity,
        KeyWrapContext identityPlace,
        ErasedBytes root,
        KeyWrapContext rootPlace,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            async token =>
            {
                Task<byte[]> wrappingIdentity =
                    identity.Value.Length == 0
                        ? Task.FromResult<byte[]>([])
                        : WrapOneAsync(identity.Value, identityPlace, id, token);
                Task<byte[]> wrappingRoot = WrapOneAsync(root.Value, rootPlace, id, token);
                byte[][] wrapped = await Task.WhenAll(wrappingIdentity, wrappingRoot).ConfigureAwait(false);
                return new WrappedKey(wrapped[0], wrapped[1]);
            },
            new Both(identity, root),
            cancellationToken
        );

    /// <summary>Calls the wrapper, and abandons the call when its time is up.</summary>
    /// <param name="call">The questions. Each may be asked before the one before it is answered.</param>
    /// <param name="secrets">The memory that the wrapper gets; erased when it has really returned.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> call,
        IDisposable secrets,
        CancellationToken cancellationToken
    )
    {
        if (IsPlain || cancellationToken.IsCancellationRequested)
        {
            using (secrets)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return await call(cancellationToken).ConfigureAwait(false);
            }
        }

        // Not linked to the caller's token, on whose thread whatever the wrapper does when it is cancelled would run.
        CancellationTokenSource ending = new();
        var running = Task.Run(() => AskAsync(call, secrets, ending.Token), CancellationToken.None);
        await ((Task)running)
            .WaitAsync(timeout, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (running.IsCompleted)
            return await running.ConfigureAwait(false);
        _ = ending.CancelAsync();
        running.Abandon();
        cancellationToken.ThrowIfCancellationRequested();
        throw new KeyStoreException(
            $"The wrapper of the {store} did not answer within {timeout.TotalSeconds:0.#} s.",
            new TimeoutException()
        );
    }

    private async Task<T> AskAsync<T>(
        Func<CancellationToken, Task<T>> call,
        IDisposable secrets,
        CancellationToken cancellationToken
    )
    {
        using (secrets)
        {
            await _calls.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                Task<T> asked;
                await _threads.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    asked = call(cancellationToken); // up to its first wait; a wrapper that blocks is held here
                }
                finally
                {
                    _threads.Release();
                }

                return await asked.ConfigureAwait(false);
            }
            finally
            {
                _calls.Release();
            }
        }
    }

#pragma warning disable CA1031 // a wrapper may be anybody's, and throw anything
    private async Task<byte[]> WrapOneAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        ClientId id,
        CancellationToken cancellationToken
    )
    {
        KeyStoreRules.CheckIsNotErased(id, key.Span);
        byte[] wrapped;
        try
        {
            wrapped = await wrapper.WrapAsync(key, context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw new KeyStoreException($"A key of the {store} cannot be wrapped, {NameOf(id)}: {e.Message}", e);
        }

        if (wrapped is not { Length: > 0 and <= MaxWrappedLength })
            throw new KeyStoreException(
                $"The wrapper of the {store} made {wrapped?.Length ?? 0} bytes of the key of {id};"
                    + $" it may make 1 to {MaxWrappedLength}."
            );
        if (IsPlain)
            return wrapped;

        // A copy: what it gives may be the very memory that it was handed, or what it gives to others too.
        byte[] own = KeyMemory.Allocate(wrapped.Length);
        wrapped.CopyTo(own, 0);
        return own;
    }

    private async Task<bool> UnwrapOneAsync(SealedPart part, ClientId id, CancellationToken cancellationToken)
    {
        bool isCurrent;
        try
        {
            isCurrent = await wrapper
                .UnwrapAsync(part.Wrapped, part.Context, part.Key, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Unopened(id, e.Message, e);
        }

        return part.Key.Span.ContainsAnyExcept((byte)0)
            ? isCurrent
            : throw Unopened(id, "It is all zeros: it was erased before it was written down.");
    }
#pragma warning restore CA1031

    private Task<bool> OpenAsync(SealedPart part, ClientId id, CancellationToken cancellationToken) =>
        part.IsDecoy ? OpenDecoyAsync(part, id, cancellationToken) : UnwrapOneAsync(part, id, cancellationToken);

    // A decoy whose wrapping key is gone must not fail a lookup: another is made and opened. If that fails too, so do
    // the keys of known clients, and all ids get the same answer.
    private async Task<bool> OpenDecoyAsync(SealedPart part, ClientId id, CancellationToken cancellationToken)
    {
        bool isCurrent = false;
        try
        {
            isCurrent = await UnwrapOneAsync(part, id, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyStoreException)
        {
            using ErasedBytes key = RandomKey();
            byte[] wrapped = await WrapOneAsync(key.Value, part.Context, id, cancellationToken).ConfigureAwait(false);
            using SealedPart another = new(wrapped, part.Context, key.Value.Length);
            await UnwrapOneAsync(another, id, cancellationToken).ConfigureAwait(false);
            another.Key.CopyTo(part.Key);
        }

        if (!isCurrent)
            Decoys.Renew(part.Context.Id.Length);
        return true;
    }

    private KeyStoreException Unopened(ClientId id, string why, Exception? inner = null) =>
        new($"A key of the {store} cannot be unwrapped, {NameOf(id)}: {why}", inner ?? new CryptographicException(why));

    private static string NameOf(ClientId id) => id == DecoyKeys.Nobody ? "one made to try it" : $"that of {id}";

    private static ErasedBytes RandomKey()
    {
        ErasedBytes key = new(GC.AllocateUninitializedArray<byte>(PreSharedKey.Size, pinned: true));
        RandomNumberGenerator.Fill(key.Value);
        return key;
    }

    private sealed class Both(ErasedBytes one, ErasedBytes other) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            other.Dispose();
        }
    }
}
