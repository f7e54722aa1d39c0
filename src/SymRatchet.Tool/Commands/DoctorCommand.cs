using System.CommandLine;
using SymRatchet.Tool.Channels;
using SymRatchet.Tool.Doctor;
using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet doctor</c>: what is wrong with a machine, a key or a connection, and what to do.</summary>
internal static class DoctorCommand
{
    internal static Command Create(ToolConsole console)
    {
        Option<TunnelEndPoint?> connect = EndPointArguments.Option(
            "--connect",
            "Connect to this server with --key, as the client would: HOST:PORT, [IPV6]:PORT or unix:PATH."
        );
        Option<bool> json = KeyArguments.Json();
        ClientArguments client = new(isKeyRequired: false);
        StoreArguments store = new();
        Command command = new(
            "doctor",
            """
            Looks for what keeps a client or a server from working: the machine, the key, the store, the server. Says
            for each check OK, WARN or FAIL, what is wrong and what to do. Only --connect changes a key, as each session
            does. Run it as the user of the program. The exit code is 0, or 4 for a warning, or 1 for a failure.

            Examples:
              symratchet doctor
              symratchet doctor --key sensor-17.credential --connect server.example:9999
              symratchet doctor --store server.keys --json
            """
        )
        {
            connect,
            json,
        };
        client.AddTo(command);
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                string? key = parsed.GetValue(client.Key);
                TunnelEndPoint? to = parsed.GetValue(connect);
                if (to is not null && key is null)
                    throw new ToolException("say with which key to connect: --key FILE", ExitCode.Usage);
                List<Check> checks = [.. MachineChecks.All()];
                if (key is not null)
                {
                    string? id = parsed.GetValue(client.Id);
                    checks.Add(
                        await KeyChecks.OfKeyAsync(
                            key,
                            id is null ? default(ClientId?) : KeyArguments.ToId(id),
                            cancellationToken
                        )
                    );
                    checks.AddRange(FolderChecks.Of(key, isWritten: false));
                }

                if (store.IsGiven(parsed))
                    checks.AddRange(await OfStoreAsync(store, parsed, cancellationToken));
                if (to is not null)
                    checks.AddRange(await ConnectChecks.RunAsync(parsed, client, to, cancellationToken));
                var report = DoctorReport.Of(checks);
                if (parsed.GetValue(json))
                    console.ShowJson(report, ToolJson.Default.DoctorReport);
                else
                    checks.ForEach(check => Show(console, check));
                return report.Worst switch
                {
                    CheckState.Ok => ExitCode.Success,
                    CheckState.Warn => ExitCode.Warning,
                    _ => ExitCode.Failure,
                };
            }
        );
        return command;
    }

    private static async Task<IEnumerable<Check>> OfStoreAsync(
        StoreArguments store,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        List<Check> checks = [];
        string? file = store.FileIn(parsed);
        try
        {
            await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
            checks.AddRange(await KeyChecks.OfStoreAsync(opened, cancellationToken));
        }
        catch (Exception e)
            when (e is ToolException { ExitCode: not ExitCode.Usage } or IOException or UnauthorizedAccessException)
        {
            checks.Add(Check.Fail($"store {file ?? "in PostgreSQL"}", e.Message, KeyChecks.AdviceFor(e.Message)));
        }

        return file is null ? checks : checks.Concat(FolderChecks.Of(file, isWritten: true));
    }

    private static void Show(ToolConsole console, Check check)
    {
        (string word, string color) = check.State switch
        {
            CheckState.Ok => ("OK  ", "\e[32m"),
            CheckState.Warn => ("WARN", "\e[33m"),
            _ => ("FAIL", "\e[31m"),
        };
        console.Out.WriteLine($"{(console.HasColors ? $"{color}{word}\e[0m" : word)}  {check.Name}: {check.Finding}");
        if (check.Advice is not null)
            console.Out.WriteLine($"      {check.Advice}");
    }
}
