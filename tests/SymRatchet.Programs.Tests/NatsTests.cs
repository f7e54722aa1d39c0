using System.Net;
using NATS.Client.Core;
using SymRatchet.Programs.Tests.Running;

namespace SymRatchet.Programs.Tests;

/// <summary>NATS.Net, whose connection is a channel, and Debian's nats-server behind a forwarder.</summary>
public sealed class NatsTests
{
    [SkippableFact]
    public async Task NATS_Net_talks_to_nats_server_over_a_channel_and_comes_back()
    {
        string program = Installed.PathOf("nats-server", "nats-server");
        int port = RunningProcess.FreePort();
        RunningProcess server = RunningProcess.Start(program, "-a", "127.0.0.1", "-p", $"{port}");
        try
        {
            await using Gateway gateway = Gateway.To(await server.ListeningAsync(port));
            await using NatsConnection nats = new(OptionsFor(gateway.EndPoint, gateway.Options));
            using CancellationTokenSource limit = new(Limit.Long);
            Task answering = Task.Run(async () =>
            {
                await foreach (
                    NatsMsg<int> message in nats.SubscribeAsync<int>("double", cancellationToken: limit.Token)
                )
                    await message.ReplyAsync(message.Data * 2, cancellationToken: limit.Token);
            });
            await AskUntilAnsweredAsync(nats, limit.Token);
            NatsMsg<int>[] answers = await Task.WhenAll(
                Enumerable
                    .Range(0, 500)
                    .Select(i => nats.RequestAsync<int, int>("double", i, cancellationToken: limit.Token).AsTask())
            );
            Assert.Equal(Enumerable.Range(0, 500).Select(i => 2 * i), answers.Select(answer => answer.Data));

            // A server that died and is back is found without help, subscriptions included.
            server.Dispose();
            server = RunningProcess.Start(program, "-a", "127.0.0.1", "-p", $"{port}");
            await server.ListeningAsync(port);
            await AskUntilAnsweredAsync(nats, limit.Token);

            await limit.CancelAsync();
            await answering; // NATS ends a subscription that is cancelled without an exception
        }
        finally
        {
            server.Dispose();
        }
    }

    private static async Task AskUntilAnsweredAsync(NatsConnection nats, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                NatsMsg<int> answer = await nats.RequestAsync<int, int>(
                    "double",
                    21,
                    cancellationToken: cancellationToken
                );
                Assert.Equal(42, answer.Data);
                return;
            }
            catch (NatsException)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static NatsOpts OptionsFor(IPEndPoint server, SecureChannelClientOptions options) =>
        new() { Url = $"nats://{server}", SocketConnectionFactory = new ChannelConnectionFactory(server, options) };
}
