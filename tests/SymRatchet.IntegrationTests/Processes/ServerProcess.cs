using System.Net;
using System.Net.Sockets;

namespace SymRatchet.IntegrationTests.Processes;

/// <summary>The server sample, listening on a free port.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Listening = "listening on ";

    private ServerProcess(SampleProcess process, IPEndPoint endpoint)
    {
        Process = process;
        EndPoint = endpoint;
    }

    internal SampleProcess Process { get; }

    internal IPEndPoint EndPoint { get; }

    internal static async Task<ServerProcess> StartAsync(params string[] args)
    {
        var process = SampleProcess.Start("Server", ["--listen", "127.0.0.1:0", .. args]);
        try
        {
            string line = await process.WaitForOutputAsync(Listening);
            return new ServerProcess(process, IPEndPoint.Parse(line[Listening.Length..]));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the client sample against it.</summary>
    internal Task<SampleResult> RunClientAsync(string id, params string[] args) =>
        SampleProcess.RunAsync("Client", [id, "--connect", $"{EndPoint}", .. args]);

    /// <summary>Connects without saying anything.</summary>
    internal async Task<NetworkStream> ConnectAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Asserts that it still serves: a client of the demonstration gets its three rounds.</summary>
    internal async Task AssertServesAsync()
    {
        SampleResult honest = await RunClientAsync("3", "--protocol", "seed");
        honest.AssertSucceeds();
        Assert.Equal(3, honest.Output.Length);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
