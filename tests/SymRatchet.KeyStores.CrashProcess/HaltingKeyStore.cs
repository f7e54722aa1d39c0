using System.Diagnostics;

namespace SymRatchet.KeyStores.CrashProcess;

/// <summary>
/// Ends this process as if the power were cut, before or after an advance of its choice: the moments that chance hits
/// seldom.
/// </summary>
internal sealed class HaltingKeyStore(IKeyStore inner) : IKeyStore
{
    private int _before;
    private int _after;

    /// <summary>Arms it with a line such as <c>before 3</c>: right before the third advance from now.</summary>
    internal void Arm(string order)
    {
        string[] words = order.Split(' ');
        int count = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
        if (words[0] == "before")
            Volatile.Write(ref _before, count);
        else
            Volatile.Write(ref _after, count);
    }

    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
        inner.FindAsync(id, cancellationToken);

    public async ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    )
    {
        HaltAtZero(ref _before);
        await inner.AdvanceAsync(id, serial, epoch, epochKey, cancellationToken);
        HaltAtZero(ref _after);
    }

    private static void HaltAtZero(ref int counter)
    {
        if (Volatile.Read(ref counter) > 0 && Interlocked.Decrement(ref counter) == 0)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
