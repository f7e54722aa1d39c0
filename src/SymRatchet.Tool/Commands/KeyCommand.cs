using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet key</c>: the identities in a store.</summary>
internal static class KeyCommand
{
    internal static Command Create(ToolConsole console) => new("key", "Adds, shows, rotates, revokes and moves the keys of a store.")
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
        Argument<string> id = KeyArguments.Id();
        StoreArguments store = new();
        Command command = new("revoke", """
            Erases the keys of a client for good. Its handshakes fail at once; its live channels end on every server that watches the store.

            Example:
              symratchet key revoke sensor-17 --store server.keys
            """)
        {
            id,
        };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string name = parsed.GetRequiredValue(id);
            await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken: cancellationToken);
            if (!await opened.Directory.RevokeAsync(KeyArguments.ToBytes(name), cancellationToken))
                throw new ToolException($"{name} is not in {opened.Name}, or was revoked before", ExitCode.NotFound);
            console.Remark($"revoked {name}");
        });
        return command;
    }
}
