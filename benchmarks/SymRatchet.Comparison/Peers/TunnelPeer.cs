using System.Diagnostics;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// Plain TCP through a pair of tunnel programs on one machine, as a program without protection of its own is run behind
/// them: the client's end of the tunnel, the server's end, the server.
/// </summary>
internal abstract class TunnelPeer : TcpPeer
{
    private readonly List<Process> _programs = [];

    /// <summary>For keys and settings.</summary>
    private protected TemporaryFolder Folder { get; } = new();

    internal sealed override TimeSpan CpuTime
    {
        get
        {
            TimeSpan time = base.CpuTime;
            foreach (Process program in _programs)
            {
                program.Refresh();
                time += program.TotalProcessorTime;
            }

            return time;
        }
    }

    // Another program cannot be told to collect, so what nobody has collected yet is counted, too.
    internal sealed override long Memory
    {
        get
        {
            _programs[0].Refresh();
            return _programs[0].WorkingSet64;
        }
    }

    internal sealed override bool Fits(string scenario) =>
        scenario.StartsWith("tunnel-", StringComparison.Ordinal)
        || (IsOnTheWire && scenario is "stream-64KiB" or "messages-64B" or "pingpong-64B" or "connect");

    /// <summary>Whether it is also measured beside the peers within programs.</summary>
    private protected virtual bool IsOnTheWire => true;

    internal sealed override async Task<int> ListenAsync()
    {
        int plain = await base.ListenAsync();
        await PrepareAsync();
        int between = ExternalProgram.FreePort();
        await AddAsync(Start(client: false, listen: between, target: plain), between);
        int front = ExternalProgram.FreePort();
        await AddAsync(Start(client: true, listen: front, target: between), front);
        return front;
    }

    public sealed override async ValueTask DisposeAsync()
    {
        foreach (Process program in _programs)
            await ExternalProgram.EndAsync(program);
        Folder.Dispose();
    }

    /// <summary>Makes the keys.</summary>
    private protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Starts one end of the tunnel.</summary>
    private protected abstract Process Start(bool client, int listen, int target);

    private async Task AddAsync(Process program, int port)
    {
        _programs.Add(program);
        await ExternalProgram.WaitForAsync(port, program);
    }
}
