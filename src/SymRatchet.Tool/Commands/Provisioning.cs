using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>
/// Commands that bring a key into a store: a new one whose credential file goes to the client, or one from a
/// credential file.
/// </summary>
internal static class Provisioning
{
    internal static Command CreateAdd(ToolConsole console)
    {
        Option<CipherSuiteId[]> suites = KeyArguments.Suites();
        Command command = Create(
            console,
            "add",
            """
            Adds a client to a store. The client itself needs no such step: it opens the credential as its key file.

            Examples:
              symratchet key add sensor-17 --store server.keys --out sensor-17.credential
              symratchet key add sensor-17 --store gateway.keys --role Client --credential sensor-17.credential
            """,
            "added",
            (directory, key, parsed, cancellationToken) =>
                directory.AddAsync(key, parsed.GetValue(suites), cancellationToken)
        );
        command.Options.Add(suites);
        return command;
    }

    internal static Command CreateRotate(ToolConsole console) =>
        Create(
            console,
            "rotate",
            """
            Gives a client a new key. On a server's store it waits beside the old one until the client has used it; so
            rotate there first, then on the client. A revoked client comes back with it. No store keeps a server's
            name: where the old key was made with --server, say it again.

            Examples:
              symratchet key rotate sensor-17 --store server.keys --out sensor-17.new
              symratchet key rotate sensor-17 --store server.keys --server eu-1 --out sensor-17.new
              symratchet key rotate sensor-17 --store sensor-17.credential --credential sensor-17.new
            """,
            "rotated",
            (directory, key, _, cancellationToken) => directory.RotateAsync(key, cancellationToken)
        );

    /// <summary>
    /// What was asked for; else that of the key which the client has, since a rotation must not change it.
    /// </summary>
    private static async ValueTask<KeyEvolution> EvolutionAsync(
        ParseResult parsed,
        Option<KeyEvolution> option,
        IKeyDirectory directory,
        ClientId client,
        CancellationToken cancellationToken
    ) =>
        parsed.GetResult(option) is null or { Implicit: true }
        && await directory.DescribeAsync(client, cancellationToken) is { } current
            ? current.Evolution
            : parsed.GetValue(option);

    private static Command Create(
        ToolConsole console,
        string verb,
        string description,
        string done,
        Func<IKeyDirectory, PreSharedKey, ParseResult, CancellationToken, ValueTask> bring
    )
    {
        Argument<string> id = KeyArguments.Id();
        Option<string?> output = KeyArguments.Out();
        Option<string?> credential = KeyArguments.Credential();
        Option<string> server = KeyArguments.Server();
        Option<KeyEvolution> evolution = KeyArguments.Evolution();
        StoreArguments store = new();
        Command command = new(verb, description) { id, output, credential, server, evolution };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                ClientId client = KeyArguments.ToId(parsed.GetRequiredValue(id));
                string? from = parsed.GetValue(credential);
                string? to = parsed.GetValue(output);
                if (from is null == to is null)
                    throw new ToolException(
                        "say where the key is from or goes to: --credential FILE, or --out FILE for a new key",
                        ExitCode.Usage
                    );
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                using PreSharedKey key = from is null
                    ? PreSharedKey.Generate(
                        client,
                        parsed.GetRequiredValue(server),
                        await EvolutionAsync(parsed, evolution, opened.Directory, client, cancellationToken)
                    )
                    : PreSharedKey.FromCredentialFile(from);
                if (key.Id != client)
                    throw new ToolException($"the credential in {from} is of another client");

                // The file first: a key that is in the store and nowhere else would lock the client out.
                if (to is not null)
                    key.WriteCredentialFile(to);
                try
                {
                    await bring(opened.Directory, key, parsed, cancellationToken);
                }
                catch (Exception e)
                    when (to is not null && e is ArgumentException or InvalidOperationException or KeyNotFoundException)
                {
                    File.Delete(to!); // the store refused the key; after any other failure it may hold it
                    throw;
                }
                catch when (to is not null)
                {
                    console.Remark(
                        $"{to} is kept, since the store may hold the key already; look with 'symratchet key show "
                            + $"{client}'"
                    );
                    throw;
                }

                console.Remark(
                    to is null
                        ? $"{done} {client} in {opened.Name}"
                        : $"{done} {client} in {opened.Name}; bring {to} to the client, and leave no copy of it behind"
                );
            }
        );
        return command;
    }
}
