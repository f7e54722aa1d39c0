using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel;

/// <summary>
/// Copies both directions between a plain and a secured connection. A half-close of one is a half-close of the other;
/// whatever else happens to one resets the other.
/// </summary>
internal sealed class Relay(RelayEnd plain, RelayEnd secured, TimeProvider time)
{
    // Enough for small requests and answers. An idle connection holds no more, and a reader that fills it gets a large
    // buffer.
    private const int SmallBuffer = 2 * 1024;
    private const int LargeBuffer = 64 * 1024;

    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RelayFailure? _failure;
    private long _sent;
    private long _received;
    private long _blockedSince;

    /// <summary>Gets the bytes from the plain to the secured connection.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    /// <summary>Gets the bytes from the secured to the plain connection.</summary>
    internal long Received => Volatile.Read(ref _received);

    /// <summary>Relays until both directions have ended in order, or one connection has failed.</summary>
    /// <returns>What failed first; null if nothing did.</returns>
    internal async Task<RelayFailure?> RunAsync()
    {
        Task up = CopyAsync(RelaySide.Plain, plain, secured);
        Task down = CopyAsync(RelaySide.Secured, secured, plain);
        Task both = Task.WhenAll(up, down);
        await Task.WhenAny(both, _failed.Task).ConfigureAwait(false);
        // The first failure has aborted both ends, which ends both directions soon. A call may never return, though;
        // after the timeout it is abandoned.
        if (!both.IsCompleted)
            await both.WaitAsync(EndTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeAsync(plain).ConfigureAwait(false);
        await DisposeAsync(secured).ConfigureAwait(false);
        return _failure;
    }

    /// <summary>Ends both connections at once by errors.</summary>
    /// <param name="reason">Why, for the log.</param>
    internal void Abort(string reason) => Fail(new RelayFailure(RelaySide.This, reason, null));

    /// <summary>
    /// If the application has not taken data for some time, shows the secured connection's peer that this side is
    /// alive. Called now and then.
    /// </summary>
    internal ValueTask ShowLifeAsync(TimeSpan blockedFor) =>
        Volatile.Read(ref _blockedSince) is not 0 and long since && time.GetElapsedTime(since) >= blockedFor
            ? secured.ShowLifeAsync()
            : default;

    [SuppressMessage("Design", "CA1031", Justification = "whatever an end throws, both are ended")]
    private async Task CopyAsync(RelaySide side, RelayEnd from, RelayEnd to)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        RelaySide active = side;
        RelaySide opposite = side == RelaySide.Plain ? RelaySide.Secured : RelaySide.Plain;
        try
        {
            // Reads and writes complete at once where they can, so the caller's thread goes to the other direction.
            await Task.Yield();
            Turn turn = default;
            while (true)
            {
                active = side;
                ValueTask<int> read = from.ReadAsync(buffer);
                bool isTurnOver = turn.IsOver(hadToWait: !read.IsCompleted);
                int length = await read.ConfigureAwait(false);
                if (isTurnOver)
                    await Task.Yield();
                active = opposite;
                if (length == 0)
                    break;
                await WriteAsync(side, to, buffer.AsMemory(0, length)).ConfigureAwait(false);
                buffer = Adapt(buffer, length);
            }

            await to.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(new RelayFailure(active, e.Message, e));
        }
        finally
        {
            Return(buffer);
        }
    }

    private async ValueTask WriteAsync(RelaySide side, RelayEnd to, ReadOnlyMemory<byte> bytes)
    {
        if (side == RelaySide.Plain)
        {
            await to.WriteAsync(bytes).ConfigureAwait(false);
            Volatile.Write(ref _sent, _sent + bytes.Length);
            return;
        }

        ValueTask write = to.WriteAsync(bytes);
        if (!write.IsCompleted)
            Volatile.Write(ref _blockedSince, Math.Max(time.GetTimestamp(), 1));
        await write.ConfigureAwait(false);
        Volatile.Write(ref _blockedSince, 0);
        Volatile.Write(ref _received, _received + bytes.Length);
    }

    private void Fail(RelayFailure failure)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is not null)
            return;
        plain.Abort();
        secured.Abort();
        _failed.TrySetResult();
    }

    private static byte[] Adapt(byte[] buffer, int length)
    {
        bool isLarge = buffer.Length >= LargeBuffer;
        if (isLarge ? length > SmallBuffer : length < buffer.Length)
            return buffer;
        Return(buffer);
        return ArrayPool<byte>.Shared.Rent(isLarge ? SmallBuffer : LargeBuffer);
    }

    // It held what the application sends.
    private static void Return(byte[] buffer)
    {
        CryptographicOperations.ZeroMemory(buffer);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    [SuppressMessage("Design", "CA1031", Justification = "the connection is over; the other end is disposed, too")]
    private async Task DisposeAsync(RelayEnd end)
    {
        try
        {
            await end.DisposeAsync().AsTask().WaitAsync(EndTimeout, time).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Nobody is left to be told.
        }
    }
}
