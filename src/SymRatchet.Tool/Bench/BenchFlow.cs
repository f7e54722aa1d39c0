using SymRatchet.Tool.Channels;

namespace SymRatchet.Tool.Bench;

/// <summary>The two halves of every test: one side sends for some time, and the other counts.</summary>
internal static class BenchFlow
{
    // The clock is read once in so many messages: for a small one it would be a good part of the work.
    private const int MessagesPerLook = 16;

    /// <summary>Sends messages for some time, and the empty one that ends them.</summary>
    /// <returns>How many messages.</returns>
    internal static async Task<long> SendAsync(
        ISecureChannel channel,
        int size,
        TimeSpan duration,
        CancellationToken cancellationToken,
        BenchMeter? meter = null
    )
    {
        byte[] message = new byte[size];
        long started = TimeProvider.System.GetTimestamp();
        long messages = 0;
        while (true)
        {
            for (int i = 0; i < MessagesPerLook; i++, messages++)
                await channel.WriteAsync(message, cancellationToken);
            meter?.Add((long)MessagesPerLook * size);
            if (TimeProvider.System.GetElapsedTime(started) >= duration)
                break;
        }

        await channel.SendAsync(default, cancellationToken);
        return messages;
    }

    /// <summary>Counts messages until the empty one; the time is that from the call.</summary>
    internal static async Task<BenchCount> CountAsync(
        ISecureChannel channel,
        CancellationToken cancellationToken,
        BenchMeter? meter = null
    )
    {
        Discard nothing = new();
        long started = TimeProvider.System.GetTimestamp();
        long bytes = 0;
        long messages = 0;
        while (true)
        {
            if (!await channel.ReceiveAsync(nothing, cancellationToken))
                throw new EndOfStreamException("The peer closed the channel in the middle of a test.");
            if (nothing.Length == 0)
                return new BenchCount(bytes, messages, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            bytes += nothing.Length;
            messages++;
            meter?.Add(nothing.Length);
        }
    }
}
