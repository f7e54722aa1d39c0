using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>Commands that carry a stored key from one store to another in a file.</summary>
internal static class Transfer
{
    internal static Command CreateExport(ToolConsole console)
    {
        Argument<string> id = KeyArguments.Id();
        Option<string> output = new("--out") { Description = "The file to write; it must not exist yet.", HelpName = "FILE", Required = true };
        StoreArguments store = new();
        Command command = new("export", """
            Writes a client's key, at the epoch at which it is, to a file for 'key import'. Two stores that both serve it afterwards are clones.

            Example:
              symratchet key export sensor-17 --store old.keys --out sensor-17.key
            """)
        {
            id, output,
        };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string name = parsed.GetRequiredValue(id);
            string path = parsed.GetRequiredValue(output);
            await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken: cancellationToken);
            using StoredKey key = await opened.Directory.FindAsync(KeyArguments.ToBytes(name), cancellationToken)
                ?? throw new ToolException($"{name} is not in {opened.Name}, or was revoked", ExitCode.NotFound);
            KeyTransfer.Write(path, key);
            console.Remark($"wrote {path}, which holds the key; delete it once it is imported, and revoke {name} in {opened.Name}");
        });
        return command;
    }

    internal static Command CreateImport(ToolConsole console)
    {
        Argument<string> path = new("FILE") { Description = "A file that 'key export' wrote." };
        StoreArguments store = new();
        Command command = new("import", """
            Adds the key in a file that 'key export' wrote.

            Example:
              symratchet key import sensor-17.key --store new.keys
            """)
        {
            path,
        };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using StoredKey key = KeyTransfer.Read(parsed.GetRequiredValue(path));
            await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken: cancellationToken);
            await opened.Directory.AddAsync(key, cancellationToken);
            console.Remark($"added a key to {opened.Name}, at epoch {key.Epoch}");
        });
        return command;
    }
}
