using System.Globalization;

namespace SymRatchet.Comparison.Running;

/// <summary>
/// How many files and sockets a process may have open. .NET raises the soft limit to the hard one itself.
/// </summary>
internal static class OpenFiles
{
    // What a process has open beside its connections: assemblies, pipes, epoll, a store.
    private const int Others = 300;

    private const string Limits = "/proc/self/limits";

    /// <summary>Says so where a process cannot have as many connections open; its children inherit the limit.</summary>
    /// <param name="connections">How many connections.</param>
    /// <param name="whatFor">The command that needs them.</param>
    /// <param name="otherwise">What else helps.</param>
    /// <exception cref="UsageException">The limit is too low; the message says what to do.</exception>
    internal static void Require(int connections, string whatFor, string otherwise = "")
    {
        int needed = connections + Others;
        if (Limit() is { } limit && limit < needed)
            throw new UsageException(
                $"{whatFor} takes {needed} open files in one process, and the limit is {limit}: run `ulimit -n "
                    + $"{needed}` first (as root `ulimit -Hn {needed}` before it, where the hard limit is lower)"
                    + $"{otherwise}."
            );
    }

    /// <summary>The limit of this process; null where it has none, or the system does not tell.</summary>
    private static long? Limit()
    {
        if (!File.Exists(Limits))
            return null;
        string line = File.ReadLines(Limits).First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[3];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }
}
