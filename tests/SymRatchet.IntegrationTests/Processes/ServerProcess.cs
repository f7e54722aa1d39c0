using System.Net;
using System.Net.Sockets;

namespace SymRatchet.IntegrationTests.Processes;

/// <summary>The server sample, listening on a free port.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Listening = "listening on ";

    // What the server was told to speak, its clients are told too.
    private readonly string[] _protocol;

    private ServerProcess(SampleProcess process, IPEndPoint endpoint, string[] protocol)
    {
        _protocol = protocol;
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
            return new ServerProcess(process, IPEndPoint.Parse(line[Listening.Length..]), ProtocolOf(args));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the client sample against it.</summary>
    internal Task<SampleResult> RunClientAsync(string id, params string[] args) =>
        SampleProcess.RunAsync("Client", [id, "--connect", $"{EndPoint}", .. _protocol, .. args]);

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
        SampleResult honest = await RunClientAsync("3");
        honest.AssertSucceeds();
        Assert.Equal(3, honest.Output.Length);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static string[] ProtocolOf(string[] args)
    {
        int option = Array.IndexOf(args, "--protocol");
        return option < 0 ? [] : args[option..(option + 2)];
    }
}
