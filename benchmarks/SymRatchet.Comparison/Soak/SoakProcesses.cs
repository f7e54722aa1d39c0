using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>
/// Several servers, each with clients of its own in another process: more connections than one process may have open.
/// </summary>
internal static class SoakProcesses
{
    internal const string Role = "soak-part";

    // Addresses 127.0.3.0 and following; the storm has those before.
    private const int FirstBlock = 3;

    private const string Connected = "connected";

    /// <summary>Runs one part in this process. It says when all are connected, and talks when it is told to.</summary>
    internal static async Task<int> RunPartAsync(
        string peer,
        int part,
        int clients,
        TimeSpan time,
        TimeSpan interval,
        CancellationToken cancellationToken
    )
    {
        IAnsiConsole nobody = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) }
        );
        SoakPart result = await new SoakRun(
            peer,
            clients,
            time,
            interval,
            LoopbackAddresses.For(clients, (byte)(FirstBlock + part))
        ).RunAsync(
            nobody,
            async () =>
            {
                Console.WriteLine(Connected);
                await Console.In.ReadLineAsync(cancellationToken);
            },
            cancellationToken
        );
        Console.WriteLine(JsonSerializer.Serialize(result, JsonSerializerOptions.Web));
        return 0;
    }

    /// <summary>Runs all parts, one process of clients and one server each.</summary>
    internal static async Task<IReadOnlyList<SoakPart>> RunAllAsync(
        IAnsiConsole console,
        string peer,
        int clients,
        int processes,
        TimeSpan time,
        TimeSpan interval
    )
    {
        ChildProcess[] parts =
        [
            .. Enumerable
                .Range(0, processes)
                .Select(part =>
                    ChildProcess.Start(
                        Role,
                        peer,
                        Number(part),
                        Number((clients / processes) + (part < clients % processes ? 1 : 0)),
                        Number(time.TotalSeconds),
                        Number(interval.TotalSeconds)
                    )
                ),
        ];
        try
        {
            return await console
                .Progress()
                .StartAsync(async progress =>
                {
                    ProgressTask connecting = progress.AddTask($"{clients} clients connect", maxValue: processes);
                    foreach (ChildProcess part in parts)
                    {
                        if (await part.ReadAsync() != Connected)
                            throw new IOException("A part of the soak failed.");
                        connecting.Increment(1);
                    }

                    ProgressTask talking = progress.AddTask("they talk", maxValue: processes);
                    await Task.WhenAll(parts.Select(part => part.WriteAsync("talk")));
                    List<SoakPart> results = [];
                    foreach (ChildProcess part in parts)
                    {
                        string line = await part.ReadAsync();
                        results.Add(JsonSerializer.Deserialize<SoakPart>(line, JsonSerializerOptions.Web)!);
                        talking.Increment(1);
                    }

                    return results;
                });
        }
        finally
        {
            foreach (ChildProcess part in parts)
                await part.DisposeAsync();
        }
    }

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
