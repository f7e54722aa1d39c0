using System.Text.Json;

namespace SymRatchet.Tool.Bench;

/// <summary>The client of the tests.</summary>
internal sealed class BenchClient(ISecureChannel channel, TimeSpan duration, int size)
{
    internal async Task<BenchResult> RunAsync(BenchTest test, BenchMeter meter, CancellationToken cancellationToken)
    {
        BenchRequest request = new(test, duration.TotalSeconds, size);
        await channel.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(request, ToolJson.Default.BenchRequest),
            cancellationToken
        );
        if (await channel.ReceiveMessageAsync(cancellationToken) is not [])
            throw NotBenchServer(null);
        bool sends = test != BenchTest.Download;
        Task<BenchCount>? counting =
            test == BenchTest.Upload ? null : BenchFlow.CountAsync(channel, cancellationToken, meter);
        if (sends)
            await BenchFlow.SendAsync(channel, size, duration, cancellationToken, meter);
        BenchCount? down = counting is null ? null : await counting;
        BenchCount? up = sends ? await ReceiveCountAsync(cancellationToken) : null;
        return new BenchResult(test.ToString(), up, down);
    }

    private async Task<BenchCount> ReceiveCountAsync(CancellationToken cancellationToken)
    {
        byte[]? answer = await channel.ReceiveMessageAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(answer, ToolJson.Default.BenchCount)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw NotBenchServer(e);
        }
    }

    private static ToolException NotBenchServer(Exception? cause) =>
        new("the server is not 'symratchet bench --serve', or one of another version", innerException: cause);
}
