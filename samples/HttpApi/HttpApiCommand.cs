using System.CommandLine;
using System.Net;
using Spectre.Console;
using SymRatchet.CommandLine;

namespace SymRatchet.Samples.HttpApi;

/// <summary>The command line: server and client in one process, or each in its own.</summary>
internal static class HttpApiCommand
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(1);

    internal static RootCommand Create()
    {
        RootCommand command = new(
            "HTTP, gRPC and SignalR over one port, protected by a pre-shared key and no certificate. Without a "
                + "command: server and client in one process."
        )
        {
            CreateServer(),
            CreateClient(),
        };
        command.SetAction((_, cancellationToken) => DemonstrateAsync(cancellationToken));
        return command;
    }

    private static Command CreateServer()
    {
        Option<string[]> credentials = new("--credential")
        {
            Description = "A client's credential file, as 'symratchet keygen' writes it; once for each client.",
            HelpName = "FILE",
            Required = true,
        };
        Option<int> port = new("--port")
        {
            Description = "Where to listen on the loopback. Default: 9998.",
            HelpName = "PORT",
            DefaultValueFactory = _ => 9998,
        };
        Command command = new("server", "Serves until it is interrupted.") { credentials, port };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using InMemoryKeyStore keys = new(ChannelRole.Server);
                foreach (string file in parsed.GetRequiredValue(credentials))
                {
                    using var key = PreSharedKey.FromCredentialFile(file);
                    keys.Add(key);
                }

                await using WebApplication application = await ApiServer.StartAsync(
                    keys,
                    new IPEndPoint(IPAddress.Loopback, parsed.GetValue(port))
                );
                Terminal.Out.MarkupLineInterpolated($"listening on {ApiServer.AddressOf(application)}");
                await application.WaitForShutdownAsync(cancellationToken);
                return ExitCode.Success;
            }
        );
        return command;
    }

    private static Command CreateClient()
    {
        Option<string> credential = new("--credential")
        {
            Description = "The client's credential file.",
            HelpName = "FILE",
            Required = true,
        };
        Option<string> address = new("--connect")
        {
            Description = "Where the server is. Default: http://127.0.0.1:9998.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => "http://127.0.0.1:9998",
        };
        Command command = new("client", "Uses all three once.") { credential, address };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                if (
                    !Uri.TryCreate(parsed.GetRequiredValue(address), UriKind.Absolute, out Uri? server)
                    || server.Scheme != Uri.UriSchemeHttp
                )
                    throw new SampleException("--connect takes an address such as http://127.0.0.1:9998");
                using var key = PreSharedKey.FromCredentialFile(parsed.GetRequiredValue(credential));
                string name = System.Text.Encoding.UTF8.GetString(key.Id.Bytes);
                try
                {
                    return Conclude(await new FleetDay(server, key, name).RunAsync(cancellationToken));
                }
                catch (HttpRequestException e)
                {
                    throw new SampleException(e.Message);
                }
            }
        );
        return command;
    }

    private static async Task<int> DemonstrateAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        using var key = PreSharedKey.Generate("sensor-17");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        await using WebApplication application = await ApiServer.StartAsync(
            keys,
            new IPEndPoint(IPAddress.Loopback, 0)
        );
        Uri address = ApiServer.AddressOf(application);
        Terminal.Out.MarkupLineInterpolated(
            $"[dim]The server listens on {address}; everything below goes over that one port.[/]"
        );
        List<string> unexpected = [.. await new FleetDay(address, key, "sensor-17").RunAsync(limit.Token)];
        if (!await IsRefusedAsync(address, limit.Token))
            unexpected.Add("a client with a wrong key was served");
        return Conclude(unexpected);
    }

    private static async Task<bool> IsRefusedAsync(Uri address, CancellationToken cancellationToken)
    {
        using var wrong = PreSharedKey.Generate("sensor-17");
        using ApiClient client = new(address, new SecureChannelClientOptions { Key = wrong });
        try
        {
            await client.Http.GetStringAsync("/whoami", cancellationToken);
            return false;
        }
        catch (HttpRequestException e) when (e.InnerException is SecureChannelException refusal)
        {
            Terminal.Out.MarkupLineInterpolated($"[green]ok[/]  HTTP     with a wrong key: [bold]{refusal.Message}[/]");
            return true;
        }
    }

    private static int Conclude(IReadOnlyList<string> unexpected)
    {
        foreach (string one in unexpected)
            Terminal.Fail(one);
        return unexpected.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
