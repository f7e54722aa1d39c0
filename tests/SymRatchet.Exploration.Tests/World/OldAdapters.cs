using System.Runtime.CompilerServices;

namespace SymRatchet.Exploration.World;

/// <summary>
/// What the stream adapter has not got yet, in terms of what it has. Where AsStream returns a type with methods of
/// these names, they come first, and this file can go.
/// </summary>
internal static class OldAdapters
{
    private static readonly ConditionalWeakTable<Stream, ISecureChannel> Channels = [];

    /// <summary>Whether a stream is documented to close when it is disposed.</summary>
    internal static bool DisposeProvesEnd { get; } =
        typeof(SecureChannelExtensions).GetMethod(nameof(SecureChannelExtensions.AsStream))!.ReturnType
        == typeof(Stream);

    internal static void Remember(Stream stream, ISecureChannel channel) => Channels.Add(stream, channel);

    internal static ValueTask CompleteWritesAsync(this Stream stream, CancellationToken cancellationToken) =>
        Channels.TryGetValue(stream, out ISecureChannel? channel)
            ? channel.CloseAsync(cancellationToken)
            : throw new NotSupportedException();

    /// <summary>
    /// An exception that leaves an <c>await using</c> disposes the stream, and there is no other way to give up.
    /// </summary>
    internal static void Abort(this Stream stream) => _ = stream.DisposeAsync().AsTask();
}
