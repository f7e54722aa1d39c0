using System.Net.Sockets;
using Nerdbank.Streams;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>
/// A channel that carries many connections, each as a stream with its own flow control, so that one that is not read
/// holds up no other.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Link : IAsyncDisposable
{
    private const long Window = 256 * 1024;
    private const int ProtocolVersion = 3;

    private readonly ISecureChannel _channel;
    private readonly MultiplexingStream _streams;

    private Link(ISecureChannel channel, MultiplexingStream streams, Socket? transport)
    {
        _channel = channel;
        _streams = streams;
        Transport = transport;
    }

    internal ClientId Client => _channel.Peer.ClientId;

    /// <summary>The client's name in logs.</summary>
    internal string NameFor(bool hashIds) => hashIds ? Client.ToHash() : Client.ToString();

    /// <summary>The socket whose peer is watched; null if there is none.</summary>
    internal Socket? Transport { get; }

    /// <summary>Completed once the link carries nothing more, for whatever reason.</summary>
    internal Task Ended => _streams.Completion;

    internal bool HasEnded => _streams.Completion.IsCompleted;

    /// <summary>Begins to carry connections over a channel, which it owns.</summary>
    /// <param name="channel">An established channel on which nothing was sent.</param>
    /// <param name="transport">Its socket.</param>
    /// <param name="kind">What both sides must use it for.</param>
    /// <param name="onOffered">
    /// Called for each connection that the other side opens: true takes it. Null if the other side may open none.
    /// </param>
    /// <param name="cancellationToken">Cancels the beginning.</param>
    /// <exception cref="IOException">The other side does something else, or the channel failed.</exception>
    internal static async Task<Link> StartAsync(
        ISecureChannel channel,
        Socket? transport,
        LinkKind kind,
        Action<Link, StreamEnd>? onOffered,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await Preamble.ExchangeAsync(channel, kind, cancellationToken).ConfigureAwait(false);
            var streams = MultiplexingStream.Create(
                new FairStream(channel.AsStream()),
                new MultiplexingStream.Options
                {
                    ProtocolMajorVersion = ProtocolVersion,
                    DefaultChannelReceivingWindowSize = Window,
                    StartSuspended = true,
                }
            );
            Link link = new(channel, streams, transport);
            streams.ChannelOffered += (_, offer) =>
            {
                if (onOffered is null)
                    streams.RejectChannel(offer.QualifiedId.Id);
                else if (!offer.IsAccepted)
                    onOffered(link, new StreamEnd(streams.AcceptChannel(offer.QualifiedId.Id)));
            };
            streams.StartListening();
            return link;
        }
        catch
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a connection.</summary>
    /// <exception cref="IOException">The link has ended, or the other side takes no connection.</exception>
    /// <param name="onDisposed">Called when the connection has ended.</param>
    /// <param name="cancellationToken">Cancels the wait for the other side to take it.</param>
    internal async ValueTask<StreamEnd> OpenAsync(Action? onDisposed, CancellationToken cancellationToken)
    {
        try
        {
            return new StreamEnd(
                await _streams.OfferChannelAsync("", cancellationToken).ConfigureAwait(false),
                onDisposed
            );
        }
        catch (Exception e)
            when (e is MultiplexingProtocolException or ObjectDisposedException or InvalidOperationException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw new IOException($"The other side took no connection: {e.Message}", e);
        }
    }

    /// <summary>Ends the link and all its connections at once, by errors.</summary>
    internal void Abort() => _channel.Abort();

    public async ValueTask DisposeAsync()
    {
        await _streams.DisposeAsync().ConfigureAwait(false);
        await _channel.DisposeAsync().ConfigureAwait(false);
    }
}
