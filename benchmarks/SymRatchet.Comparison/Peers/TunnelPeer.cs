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

    internal sealed override bool IsWithinItsProcess => false;

    internal sealed override bool Fits(string scenario) =>
        scenario is "stream-64KiB" or "messages-64B" or "pingpong-64B" or "connect";

    internal sealed override async Task<int> ListenAsync()
    {
        int plain = await base.ListenAsync();
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

    /// <summary>Starts one end of the tunnel.</summary>
    private protected abstract Process Start(bool client, int listen, int target);

    private async Task AddAsync(Process program, int port)
    {
        _programs.Add(program);
        await ExternalProgram.WaitForAsync(port, program);
    }
}
