using System.Security.Claims;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests;

/// <summary>
/// What a pipeline does to its connection when the channel ends. The transport is in memory: nothing but the pipeline
/// can abort the connection.
/// </summary>
public sealed class ConnectionEndTests
{
    private static readonly TimeSpan Patience = Pipeline.Patience;

    private readonly PipePair _pipes = new();
    private readonly WatchedConnection _connection = new();

    public ConnectionEndTests() => _connection.Transport = _pipes.Server;

    [Fact]
    public async Task A_channel_that_fails_aborts_the_connection_under_a_handler_that_does_not_read()
    {
        Task running = RunAsync(async connection =>
        {
            connection.Features.Get<ISecureChannelFeature>()!.Channel.Abort();
            await Task.Delay(Patience, connection.ConnectionClosed)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.True(connection.ConnectionClosed.IsCancellationRequested);
        });
        await using ISecureChannel client = await SecureChannel.ConnectAsync(_pipes.Client, Keys.Client("sensor-17"));
        await running.WaitAsync(Patience);
    }

    /// <summary>
    /// Whoever owns the connection disposes it when the call returns, and it must not be aborted after that.
    /// </summary>
    [Fact]
    public async Task The_call_returns_only_when_a_failed_channel_has_ended_its_connection()
    {
        Task running = RunAsync(connection =>
        {
            connection.Features.Get<ISecureChannelFeature>()!.Channel.Abort();
            return Task.CompletedTask;
        });
        await using ISecureChannel client = await SecureChannel.ConnectAsync(_pipes.Client, Keys.Client("sensor-17"));
        await running.WaitAsync(Patience);
        Assert.True(_connection.WasAborted);
    }

    [Fact]
    public async Task A_handler_that_throws_takes_the_connection_with_it()
    {
        Task running = RunAsync(_ => throw new InvalidDataException("broken"));
        await using ISecureChannel client = await SecureChannel.ConnectAsync(_pipes.Client, Keys.Client("sensor-17"));
        await Assert.ThrowsAsync<InvalidDataException>(() => running.WaitAsync(Patience));
        Assert.True(_connection.WasAborted);
    }

    [Fact]
    public async Task A_user_that_a_connection_had_before_is_its_user_again()
    {
        ConnectionUser before = new(new ClaimsPrincipal());
        _connection.Features.Set<IConnectionUserFeature>(before);
        ClaimsPrincipal? user = null;
        Task running = RunAsync(connection =>
        {
            user = connection.Features.Get<IConnectionUserFeature>()!.User;
            return Task.CompletedTask;
        });
        await using ISecureChannel client = await SecureChannel.ConnectAsync(_pipes.Client, Keys.Client("sensor-17"));
        await running.WaitAsync(Patience);
        Assert.Equal("sensor-17", user!.Identity!.Name);
        Assert.Same(before, _connection.Features.Get<IConnectionUserFeature>());
    }

    [Fact]
    public async Task A_server_is_no_user()
    {
        Task running = RunAsync(_ => Task.CompletedTask);
        await using ISecureChannel client = await SecureChannel.ConnectAsync(_pipes.Client, Keys.Client("sensor-17"));
        Assert.Throws<ArgumentException>(() => client.Peer.ToClaimsPrincipal());
        await running.WaitAsync(Patience);
    }

    private Task RunAsync(ConnectionDelegate handler) =>
        Pipeline.Build(builder => builder.UseSymRatchet(Keys.Server("sensor-17")), handler)(_connection);

    private sealed class WatchedConnection : DefaultConnectionContext
    {
        internal bool WasAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            WasAborted = true;
            base.Abort(abortReason);
        }
    }

    private sealed record ConnectionUser(ClaimsPrincipal? User) : IConnectionUserFeature
    {
        public ClaimsPrincipal? User { get; set; } = User;
    }
}
