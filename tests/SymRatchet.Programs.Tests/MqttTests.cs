using System.Buffers;
using System.Net;
using MQTTnet;
using MQTTnet.Protocol;
using SymRatchet.Programs.Tests.Running;

namespace SymRatchet.Programs.Tests;

/// <summary>MQTTnet's client, whose stream is a channel, and Debian's broker behind a forwarder.</summary>
public sealed class MqttTests
{
    [SkippableFact]
    public async Task MQTTnet_talks_to_mosquitto_over_a_channel()
    {
        string program = Installed.PathOf("mosquitto", "mosquitto");
        int port = RunningProcess.FreePort();
        using RunningProcess broker = RunningProcess.Start(program, "-p", $"{port}");
        await using Gateway gateway = Gateway.To(await broker.ListeningAsync(port));
        using CancellationTokenSource limit = new(Limit.Long);
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        var arrived = System.Threading.Channels.Channel.CreateUnbounded<(string Topic, byte[] Payload)>();
        client.ApplicationMessageReceivedAsync += async message =>
            await arrived.Writer.WriteAsync(
                (message.ApplicationMessage.Topic, message.ApplicationMessage.Payload.ToArray())
            );

        await client.ConnectAsync(OptionsFor(gateway.EndPoint, gateway.Options), limit.Token);
        await client.SubscribeAsync("weather/#", MqttQualityOfServiceLevel.ExactlyOnce, limit.Token);
        byte[] large = new byte[300_000];
        Random.Shared.NextBytes(large);
        for (int i = 0; i < 100; i++)
            await client.PublishBinaryAsync(
                $"weather/{i}",
                i == 50 ? large : [(byte)i],
                MqttQualityOfServiceLevel.ExactlyOnce,
                cancellationToken: limit.Token
            );
        for (int i = 0; i < 100; i++)
        {
            (string topic, byte[] payload) = await arrived.Reader.ReadAsync(limit.Token);
            Assert.Equal($"weather/{i}", topic);
            Assert.Equal(i == 50 ? large : [(byte)i], payload);
        }

        TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += _ =>
        {
            lost.TrySetResult();
            return Task.CompletedTask;
        };
        broker.Kill();
        await lost.Task.WaitAsync(limit.Token);
        Assert.False(client.IsConnected);
    }

    private static MqttClientOptions OptionsFor(IPEndPoint server, SecureChannelClientOptions options) =>
        new MqttClientOptionsBuilder()
            .WithTcpServer($"{server.Address}", server.Port)
            .WithStreamProvider(new ChannelStreamProvider(options))
            .Build();
}
