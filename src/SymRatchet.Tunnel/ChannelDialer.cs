using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel;

/// <summary>A secured connection to the server, and what is known of it.</summary>
/// <param name="End">The channel, or a stream of a multiplexer.</param>
/// <param name="Client">The client's id.</param>
/// <param name="Transport">The socket whose peer is watched with this connection; null if there is none.</param>
internal readonly record struct SecuredConnection(RelayEnd End, ClientId Client, Socket? Transport);

/// <summary>
/// Connects channels to the tunnel server, one for each connection, and tries again with random, growing delays.
/// </summary>
internal sealed class ChannelDialer
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly TunnelEndPoint _server;
    private readonly SecureChannelClientOptions _options;
    private readonly ResiliencePipeline _pipeline;

    internal ChannelDialer(TunnelEndPoint server, int retries, SecureChannelClientOptions options, ILogger logger)
    {
        _server = server;
        _options = options;
        _pipeline = CreatePipeline(retries, logger);
    }

    /// <summary>Connects a channel.</summary>
    /// <param name="cancellationToken">Cancels the attempts.</param>
    /// <exception cref="SecureChannelException">The last attempt has failed.</exception>
    internal ValueTask<(ISecureChannel Channel, Socket Transport)> ConnectAsync(CancellationToken cancellationToken) =>
        _pipeline.ExecuteAsync(static (self, token) => self.ConnectOnceAsync(token), this, cancellationToken);

    private ResiliencePipeline CreatePipeline(int retries, ILogger logger)
    {
        if (retries == 0)
            return ResiliencePipeline.Empty;
        return new ResiliencePipelineBuilder { TimeProvider = _options.TimeProvider }
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = new PredicateBuilder().Handle<SecureChannelException>(e => e.IsTransient),
                    MaxRetryAttempts = retries,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = FirstDelay,
                    MaxDelay = LongestDelay,
                    OnRetry = retry =>
                    {
                        string reason = retry.Outcome.Exception?.Message ?? "";
                        if (logger.IsEnabled(LogLevel.Debug))
                            logger.Retries(_server.ToString(), retry.RetryDelay.TotalSeconds, reason);
                        return default;
                    },
                }
            )
            .Build();
    }

    private async ValueTask<(ISecureChannel, Socket)> ConnectOnceAsync(CancellationToken cancellationToken)
    {
        Socket socket = await DialAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            NetworkStream stream = new(socket, ownsSocket: true);
            return (
                await SecureChannel.ConnectAsync(stream, _options, cancellationToken).ConfigureAwait(false),
                socket
            );
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<Socket> DialAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(_options.HandshakeTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await PlainSocket.ConnectAsync(_server, isPlain: false, either.Token).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new SecureChannelException(
                SecureChannelError.Transport,
                $"{_server} cannot be reached: {e.Message}",
                e
            );
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SecureChannelException(
                SecureChannelError.Timeout,
                $"{_server} did not answer within {_options.HandshakeTimeout.TotalSeconds:0.#} s.",
                e
            );
        }
    }
}
