using System.Security.Cryptography;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>
/// The first message of each side of a channel that carries many connections. It finds two ends of which only one was
/// told to multiplex, before either takes the other's bytes for those of an application.
/// </summary>
internal static class Preamble
{
    private static readonly byte[] Forward = SHA256.HashData("symratchet tunnel 1, forward"u8);
    private static readonly byte[] Reverse = SHA256.HashData("symratchet tunnel 1, reverse"u8);

    /// <summary>Sends this side's preamble, and takes the other's.</summary>
    /// <exception cref="IOException">The other side does something else, or the channel failed.</exception>
    internal static async ValueTask ExchangeAsync(
        ISecureChannel channel,
        LinkKind kind,
        CancellationToken cancellationToken
    )
    {
        await channel.SendAsync(Of(kind), cancellationToken).ConfigureAwait(false);
        byte[]? first;
        do
        {
            first = await channel.ReceiveMessageAsync(cancellationToken).ConfigureAwait(false);
        } while (first is { Length: 0 });
        if (first is null || !CryptographicOperations.FixedTimeEquals(first, Of(kind)))
            throw new IOException(
                KindOf(first ?? []) is { } other
                    ? $"This side's connections are {Name(kind)}, the other's {Name(other)}."
                    : "The other side does not multiplex; it needs the same option as this side."
            );
    }

    /// <summary>Throws if the first bytes of a channel for one connection are a preamble.</summary>
    /// <exception cref="IOException">The other side multiplexes.</exception>
    internal static void ThrowIfMultiplexed(ReadOnlySpan<byte> first)
    {
        if (KindOf(first) is not null)
            throw new IOException("The other side multiplexes, and this one does not; both need the same option.");
    }

    private static LinkKind? KindOf(ReadOnlySpan<byte> first) =>
        first.StartsWith(Forward) ? LinkKind.Forward
        : first.StartsWith(Reverse) ? LinkKind.Reverse
        : null;

    private static byte[] Of(LinkKind kind) => kind == LinkKind.Forward ? Forward : Reverse;

    private static string Name(LinkKind kind) => kind == LinkKind.Forward ? "forward" : "reverse";
}
