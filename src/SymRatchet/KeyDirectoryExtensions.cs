using System.Runtime.CompilerServices;

namespace SymRatchet;

/// <summary>Key directories and pre-shared keys. As safe among threads as the directory.</summary>
public static class KeyDirectoryExtensions
{
    private const int PageSize = 100;

    /// <summary>Imports a pre-shared key for the store's role and adds it.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="key">The key; the store keeps what it becomes, not the key.</param>
    /// <param name="suites">The cipher suites that the identity may use; null for no restriction.</param>
    /// <param name="cancellationToken">Ends the wait; the key may have been added all the same.</param>
    /// <exception cref="InvalidOperationException">The id is there already.</exception>
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

    /// <summary>Lists all identities, page by page. What changes meanwhile may or may not be seen.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="cancellationToken">Ends the list.</param>
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

    /// <summary>
    /// Imports a pre-shared key for the store's role and gives it to its identity in place of the one it has.
    /// </summary>
    /// <param name="directory">The store.</param>
    /// <param name="key">The new key; the store keeps what it becomes, not the key.</param>
    /// <param name="cancellationToken">Ends the wait; the rotation may have happened all the same.</param>
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
