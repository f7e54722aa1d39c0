using System.Diagnostics;

namespace SymRatchet.Stress.Checks;

/// <summary>
/// Memory and handles, taken while no step runs. What is steady stays where it was after the first rounds; what leaks
/// goes up with the steps.
/// </summary>
internal sealed class Resources(Verdict verdict)
{
    private const int WarmUp = 3;
    private const long MemorySlack = 48L << 20;
    private const int HandleSlack = 48;

    private int _samples;
    private long _memoryThen;
    private int _handlesThen;

    internal long Memory { get; private set; }

    internal int Handles { get; private set; }

    internal async Task SampleAsync()
    {
        Collect();

        // Connections that the server still ends take a moment.
        for (int i = 0; i < 100 && _samples >= WarmUp && Handles > _handlesThen + HandleSlack; i++)
        {
            await Task.Delay(100);
            Collect();
        }

        if (++_samples <= WarmUp)
        {
            _memoryThen = Math.Max(_memoryThen, Memory);
            _handlesThen = Math.Max(_handlesThen, Handles);
            return;
        }

        if (Memory > _memoryThen + MemorySlack)
            verdict.Fail($"memory grew from {_memoryThen >> 20} to {Memory >> 20} MiB");
        if (Handles > _handlesThen + HandleSlack)
            verdict.Fail($"handles grew from {_handlesThen} to {Handles}");
    }

    private void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers(); // tells of exceptions that nobody observed, too
        GC.Collect();
        Memory = GC.GetTotalMemory(forceFullCollection: false);
        using Process self = Process.GetCurrentProcess();
        Handles = self.HandleCount;
    }
}
