using System.Net;

namespace SymRatchet.Documents.Tests.Examples;

public sealed class GettingStartedExamples : CurrentFolder
{
    [Fact]
    public async Task A_device_connects_for_as_long_as_it_runs_and_its_credential_is_gone()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        key.WriteCredentialFile("sensor-17.credential");
        byte[] credential = await File.ReadAllBytesAsync("sensor-17.credential");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        await using SecureChannelListener listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new() { Keys = keys }
        );
        using CancellationTokenSource stopping = new();
        Task running = RunAsync(listener.LocalEndPoint, stopping.Token);
        int channels = 0;
        await foreach (ISecureChannel channel in listener.AcceptAllAsync())
        {
            Assert.Equal("sensor-17", channel.Peer.ClientId.ToString());
            Assert.Equal([1], await channel.ReceiveMessageAsync());
            if (++channels == 2)
            {
                await stopping.CancelAsync();
                Assert.Null(await channel.ReceiveMessageAsync()); // told to stop, it says that this was all
                await channel.CloseAsync();
                await channel.DisposeAsync();
                break;
            }

            await channel.DisposeAsync();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        byte[] store = await File.ReadAllBytesAsync("sensor-17.credential");
        Assert.Equal(-1, store.AsSpan().IndexOf(credential.AsSpan(0, Math.Min(64, credential.Length))));
    }

    private static async Task RunAsync(EndPoint server, CancellationToken stopping)
    {
        await using KeyFile keys = await KeyFile.OpenAsync("sensor-17.credential", cancellationToken: stopping);
        ReconnectingClient client = new(server, new() { Keys = keys, KeepAliveInterval = TimeSpan.FromSeconds(30) });
        await foreach (ISecureChannel channel in client.ConnectAllAsync(stopping))
        {
            try
            {
                await WorkAsync(channel, stopping);
            }
            catch (SecureChannelException)
            {
                // The loop opens the next channel; WorkAsync sends again what was not acknowledged.
            }
        }
    }

    private static async Task WorkAsync(ISecureChannel channel, CancellationToken stopping)
    {
        try
        {
            await channel.SendAsync(new byte[] { 1 }, stopping);
            Assert.Null(await channel.ReceiveMessageAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5)); // `stopping` is cancelled already
            await channel.CloseAsync(limit.Token);
            while (await channel.ReceiveMessageAsync(limit.Token) is not null)
                ; // until the server has closed its direction
        }
    }
}
