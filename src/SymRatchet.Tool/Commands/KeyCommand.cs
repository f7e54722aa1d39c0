using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet key</c>: the identities in a store.</summary>
internal static class KeyCommand
{
    internal static Command Create(ToolConsole console) =>
        new("key", "Adds, shows, rotates, revokes and moves the keys of a store.")
        {
            Provisioning.CreateAdd(console),
            Provisioning.CreateRotate(console),
            Inspection.CreateList(console),
            Inspection.CreateShow(console),
            CreateRevoke(console),
            Transfer.CreateExport(console),
            Transfer.CreateImport(console),
        };

    private static Command CreateRevoke(ToolConsole console)
    {
        Argument<string?> id = new("ID")
        {
            Description = KeyArguments.Id().Description,
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> from = new("--from")
        {
            Description =
                "Revoke every id in this file (- is standard input), one a line, as 'key list --revoked --ids' "
                + "writes them.",
            HelpName = "FILE",
        };
        StoreArguments store = new();
        Command command = new(
            "revoke",
            """
            Erases the keys of a client for good. Its handshakes fail at once; its live channels end on every server
            that watches the store. A backup that is restored knows nothing of later revocations: keep a list of them
            elsewhere, and revoke them again from it.

            Examples:
              symratchet key revoke sensor-17 --store server.keys
              symratchet key revoke --from revoked.list --store server.keys
            """
        )
        {
            id,
            from,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                string? one = parsed.GetValue(id);
                string? list = parsed.GetValue(from);
                if (one is null == list is null)
                    throw new ToolException("say whom to revoke: an ID, or --from FILE", ExitCode.Usage);

                // All of them are read before the first is revoked: a line that is not an id stops the command before
                // anything is done.
                List<ClientId> clients = one is not null
                    ? [KeyArguments.ToId(one)]
                    : await IdList.ReadAsync(list!, cancellationToken);
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                int count = 0;
                int before = 0;
                List<string> unknown = [];
                foreach (ClientId client in clients)
                {
                    if (await opened.Directory.RevokeAsync(client, cancellationToken))
                        count++;
                    else if (one is not null)
                        throw new ToolException(
                            $"{client} is not in {opened.Name}, or was revoked before",
                            ExitCode.NotFound
                        );
                    else if (await opened.Directory.DescribeAsync(client, cancellationToken) is null)
                        unknown.Add(client.ToString());
                    else
                        before++;
                }

                console.Remark(
                    one is not null
                        ? $"revoked {clients[0]}"
                        : $"revoked {count} of the {clients.Count} ids in {list}"
                            + (before > 0 ? $"; revoked before: {before}" : "")
                            + (unknown.Count > 0 ? $"; not in {opened.Name}: {unknown.Count}" : "")
                );

                // After a restore these were added later: they need new keys, and their old ones are revoked.
                unknown.ForEach(name => console.Remark($"not in {opened.Name}: {name}"));

                // A list of which nothing is here is the wrong list, or the wrong store.
                return unknown.Count > 0 && unknown.Count == clients.Count ? ExitCode.NotFound : ExitCode.Success;
            }
        );
        return command;
    }
}
