using System.Diagnostics;

namespace SymRatchet.TestKit;

/// <summary>
/// Time as this process gets it: while the machine's other work keeps a ready thread waiting, it hardly advances.
/// For tests of promises in seconds, which hold on a machine that lets the program run.
/// </summary>
public static class FairTime
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private static long _ticks;

    static FairTime() => new Thread(Count) { IsBackground = true, Name = "fair time" }.Start();

    /// <summary>Gets how much of it has passed; of use as a difference only.</summary>
    public static TimeSpan Now => new(Volatile.Read(ref _ticks));

    private static void Count()
    {
        while (true)
        {
            long started = Stopwatch.GetTimestamp();
            Thread.Sleep(Step);
            TimeSpan slept = Stopwatch.GetElapsedTime(started);
            Volatile.Write(ref _ticks, _ticks + Math.Min(slept.Ticks, 2 * Step.Ticks));
        }
    }
}
