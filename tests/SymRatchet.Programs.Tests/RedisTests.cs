using System.Net;
using StackExchange.Redis;
using SymRatchet.Programs.Tests.Running;

namespace SymRatchet.Programs.Tests;

/// <summary>
/// StackExchange.Redis, whose connections are channels, and Debian's redis-server behind a forwarder.
/// </summary>
public sealed class RedisTests
{
    private const string CounterKey = "counter";

    [SkippableFact]
    public async Task StackExchange_Redis_talks_to_redis_server_over_channels_and_comes_back()
    {
        string program = Installed.PathOf("redis-server", "redis-server");
        int port = RunningProcess.FreePort();
        RunningProcess server = Start(program, port);
        try
        {
            await using Gateway gateway = Gateway.To(await server.ListeningAsync(port));
            await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(
                OptionsFor(gateway.EndPoint, gateway.Options)
            );
            IDatabase database = redis.GetDatabase();
            byte[] large = new byte[2_000_000];
            Random.Shared.NextBytes(large);
            await database.StringSetAsync("large", large);
            Assert.Equal(large, (byte[]?)await database.StringGetAsync("large"));
            await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => database.StringIncrementAsync(CounterKey)));
            Assert.Equal(1000, (long)await database.StringGetAsync(CounterKey));

            TaskCompletionSource<string> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
            RedisChannel news = RedisChannel.Literal("news");
            await redis.GetSubscriber().SubscribeAsync(news, (_, value) => heard.TrySetResult(value!));
            await redis.GetSubscriber().PublishAsync(news, "rain");
            Assert.Equal("rain", await heard.Task.WaitAsync(Limit.Long));

            // A server that died and is back is found without help.
            server.Dispose();
            server = Start(program, port);
            await server.ListeningAsync(port);
            using CancellationTokenSource limit = new(Limit.Long);
            while (!await TryAsync(database))
                await Task.Delay(50, limit.Token);
        }
        finally
        {
            server.Dispose();
        }
    }

    private static async Task<bool> TryAsync(IDatabase database)
    {
        try
        {
            return await database.StringIncrementAsync(CounterKey) > 0;
        }
        catch (RedisException)
        {
            return false;
        }
    }

    private static RunningProcess Start(string program, int port) =>
        RunningProcess.Start(program, "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no");

    private static ConfigurationOptions OptionsFor(IPEndPoint server, SecureChannelClientOptions options) =>
        new() { EndPoints = { server }, Tunnel = new ChannelTunnel(options) };
}
