using System.Net;
using System.Runtime.InteropServices;
using SymRatchet;
using SymRatchet.Samples.Forwarder;

if (args is not [("client" or "server") and var side, var from, var to, var file])
{
    Console.Error.WriteLine("usage: Forwarder client|server LISTEN-IP:PORT TO-IP:PORT KEY-FILE");
    return 2;
}

using CancellationTokenSource stopping = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    bool isClient = side == "client";
    await using KeyFile keys = await KeyFile.OpenAsync(file, isClient ? ChannelRole.Client : ChannelRole.Server);
    Forwarder forwarder = new(keys, IPEndPoint.Parse(to));
    Task running = isClient
        ? forwarder.RunClientAsync(IPEndPoint.Parse(from), stopping.Token)
        : forwarder.RunServerAsync(IPEndPoint.Parse(from), stopping.Token);
    await Console.Out.WriteLineAsync($"listening on {forwarder.LocalEndPoint}");
    await running;
}
catch (OperationCanceledException)
{
    // It was told to stop.
}

return 0;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}
