using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet store</c>: stores as a whole.</summary>
internal static class StoreCommand
{
    internal static Command Create(ToolConsole console) =>
        new("store", "Makes, checks, wraps and moves stores.")
        {
            CreateInit(console),
            CreateCheck(console),
            CreateRewrap(console),
            Migration.Create(console),
        };

    private static Command CreateInit(ToolConsole console)
    {
        Option<bool> keyFile = new("--key-file")
        {
            Description = "Make a key file, which holds the key of one client, not a SQLite store.",
        };
        StoreArguments store = new();
        Command command = new(
            "init",
            """
            Makes an empty store. A store that is there is left as it is. A credential becomes the key file of its
            client, as it does when the client opens it; what carried the key is overwritten.

            Examples:
              symratchet store init --store server.keys
              symratchet store init --store sensor-17.credential
              symratchet store init --postgres "Host=db;Username=symratchet" --schema keys
            """
        )
        {
            keyFile,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore opened = await store.CreateAsync(
                    parsed,
                    parsed.GetValue(keyFile),
                    cancellationToken
                );
                console.Remark($"{opened.Name} is a store of the {opened.Directory.Role}");
            }
        );
        return command;
    }

    private static Command CreateCheck(ToolConsole console)
    {
        Option<bool> json = KeyArguments.Json();
        StoreArguments store = new();
        Command command = new(
            "check",
            """
            Opens a store, reads every key in it and looks for damage.

            Example:
              symratchet store check --store server.keys
            """
        )
        {
            json,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                List<string> problems = opened.Directory is IKeyStoreMaintenance kept
                    ? [.. await kept.CheckAsync(cancellationToken)]
                    : [];
                if (opened.Unfinished is { } unfinished && await unfinished.IsSetAsync(cancellationToken))
                    problems.Add(
                        "a copy of another store into this one is not finished: run 'symratchet store migrate' again"
                    );
                int clients = 0;
                int revoked = 0;
                await foreach (KeyRecord record in opened.Directory.ListAllAsync(cancellationToken))
                {
                    clients++;
                    revoked += record.Revoked is null ? 0 : 1;
                }

                if (parsed.GetValue(json))
                    console.ShowJson(
                        new StoreReport(opened.Name, opened.Directory.Role, clients, revoked, problems),
                        ToolJson.Default.StoreReport
                    );
                else
                    console.Out.WriteLine($"clients: {clients}, revoked: {revoked}, problems: {problems.Count}");
                foreach (string problem in problems)
                    console.Fail(problem);
                return problems.Count == 0 ? ExitCode.Success : ExitCode.Failure;
            }
        );
        return command;
    }

    private static Command CreateRewrap(ToolConsole console)
    {
        Option<bool> plain = new("--was-plain") { Description = "The keys are not wrapped yet." };
        StoreArguments store = new();
        Command command = new(
            "rewrap",
            """
            Wraps every key under the newest key of the ring, so that the older keys of the ring can be destroyed.

            Example:
              symratchet store rewrap --store server.keys --ring /etc/symratchet/ring
            """
        )
        {
            plain,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                IKeyWrapper? previous = parsed.GetValue(plain) ? PlaintextKeyWrapper.Instance : null;
                if (opened.Directory is not IKeyStoreMaintenance kept)
                    throw new ToolException($"{opened.Name} is a key file, which does not wrap its keys");
                int count = await kept.RewrapAsync(previous, cancellationToken);
                console.Remark($"rewrapped the keys of {count} clients");
            }
        );
        return command;
    }
}
