using System.Runtime.CompilerServices;

namespace SymRatchet;

/// <summary>Provides methods that import PSKs into a key directory and list it.</summary>
/// <remarks>As thread-safe as the directory.</remarks>
public static class KeyDirectoryExtensions
{
    private const int PageSize = 100;

    /// <summary>Imports a PSK for the store's role and adds it.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="key">The PSK; the store keeps the keys derived from it.</param>
    /// <param name="suites">The cipher suites that the identity may use; null for no restriction.</param>
    /// <param name="cancellationToken">Cancels the wait; the key may still be added.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="directory"/> or <paramref name="key"/> is null.
    /// </exception>
    /// <exception cref="InvalidOperationException">The id is in the store already.</exception>
    public static async ValueTask AddAsync(
        this IKeyDirectory directory,
        PreSharedKey key,
        IReadOnlyList<CipherSuiteId>? suites = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(key);
        using StoredKey imported = key.ImportFor(directory.Role, suites);
        await directory.AddAsync(imported, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns all identities, page by page.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <exception cref="ArgumentNullException"><paramref name="directory"/> is null.</exception>
    /// <remarks>Changes during the enumeration may or may not be included.</remarks>
    public static async IAsyncEnumerable<KeyRecord> ListAllAsync(
        this IKeyDirectory directory,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(directory);
        ClientId? after = null;
        while (
            await directory.ListAsync(after, PageSize, cancellationToken).ConfigureAwait(false) is [.., { } last] page
        )
        {
            foreach (KeyRecord record in page)
                yield return record;
            after = last.Id;
        }
    }

    /// <summary>Imports a PSK for the store's role and rotates its identity to it.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="key">The new PSK; the store keeps the keys derived from it.</param>
    /// <param name="cancellationToken">Cancels the wait; the rotation may still take place.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="directory"/> or <paramref name="key"/> is null.
    /// </exception>
    /// <exception cref="KeyNotFoundException">The id is unknown.</exception>
    public static async ValueTask RotateAsync(
        this IKeyDirectory directory,
        PreSharedKey key,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(key);
        using StoredKey imported = key.ImportFor(directory.Role);
        await directory.RotateAsync(imported, cancellationToken).ConfigureAwait(false);
    }
}
