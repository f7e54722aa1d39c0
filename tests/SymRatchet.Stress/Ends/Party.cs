using System.Net.Sockets;
using SymRatchet.Stress.Checks;
using SymRatchet.TestKit;

namespace SymRatchet.Stress.Ends;

/// <summary>One end of a connection, and what may be thrown at it.</summary>
internal sealed class Party
{
    private volatile bool _isDisposing;
    private volatile bool _isEndedHere;

    internal required Step Step { get; init; }

    internal required string Name { get; init; }

    internal required Connection Connection { get; init; }

    internal required ISecureChannel Channel { get; init; }

    internal required Socket Socket { get; init; }

    internal required UnrulyStream? Unruly { get; init; }

    internal required Direction Out { get; init; }

    internal required Direction In { get; init; }

    internal CheckingPool Pool { get; } = new();

    internal IFace Face { get; set; } = null!;

    /// <summary>
    /// When this identity's revocation had returned, by the watchdog's clock; 0 where it was not revoked.
    /// </summary>
    internal long RevokedSince { get; set; }

    /// <summary>Whether a call of this side has ended the channel, and has returned.</summary>
    internal bool IsEndedHere => _isEndedHere;

    internal void Took(ReadOnlySpan<byte> bytes)
    {
        Check(In.Take(bytes));
        if (RevokedSince > 0 && Step.Now - RevokedSince > 2 * Watchdog.TicksPerSecond)
            Fail("bytes were delivered 2 s after the revocation");
    }

    internal void Check(string? wrong)
    {
        if (wrong is not null)
            Fail(wrong);
    }

    internal void Fail(string what) => Step.Fail($"{Name}: {what}", Connection);

    internal Task<T> CallAsync<T>(string what, CancellationToken token, Func<ValueTask<T>> call) =>
        Step.CallAsync($"{Name} {what}", Connection, token, call);

    internal Task CallAsync(string what, CancellationToken token, Func<ValueTask> call) =>
        Step.CallAsync($"{Name} {what}", Connection, token, call);

    internal void Abort()
    {
        Connection.End();
        _isDisposing |= Face is PipeFace;
        Face.Abort();
        _isEndedHere = true;
    }

    /// <summary>What a program does whose channel has failed.</summary>
    internal Task GiveUpAsync()
    {
        Connection.End();
        _isDisposing = true;
        return CallAsync("DisposeAsync of the channel", default, Channel.DisposeAsync);
    }

    internal async Task DisposeAsync(Random random, bool channelFirst)
    {
        Connection.End();
        _isDisposing = true;
        if (channelFirst)
            await CallAsync("DisposeAsync of the channel", default, Channel.DisposeAsync);
        await Face.DisposeAsync(random);
        await CallAsync("DisposeAsync of the channel", default, Channel.DisposeAsync);
        _isEndedHere = true;
    }

    /// <summary>Looks at what a call threw.</summary>
    /// <returns>Whether the channel can be used on.</returns>
    internal bool Survives(Exception e, string what, CancellationToken token)
    {
        bool isOver = Channel.Ended.IsCancellationRequested;
        if (isOver)
            Connection.End();
        bool isAllowed = e switch
        {
            OverdueException => true,
            OperationCanceledException => token.IsCancellationRequested,
            SecureChannelException failure => Connection.MayFail
                && failure.Error
                    is SecureChannelError.Aborted
                        or SecureChannelError.TerminatedByPeer
                        or SecureChannelError.Truncated
                        or SecureChannelError.Transport
                        or SecureChannelError.Canceled,
            ObjectDisposedException or InvalidOperationException => _isDisposing,
            _ => false,
        };
        if (!isAllowed)
            Fail($"{what} threw {e}");
        return e is OperationCanceledException && !isOver;
    }
}
