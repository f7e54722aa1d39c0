using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>Commands that carry a stored key from one store to another in a file.</summary>
internal static class Transfer
{
    internal static Command CreateExport(ToolConsole console)
    {
        Argument<string> id = KeyArguments.Id();
        Option<string> output = new("--out")
        {
            Description = "The file to write; it must not exist yet.",
            HelpName = "FILE",
            Required = true,
        };
        StoreArguments store = new();
        Command command = new(
            "export",
            """
            Writes a client's key, at the epoch at which it is, to a file for 'key import', with a new key that waits
            beside it. Two stores that both serve it afterwards are clones.

            Example:
              symratchet key export sensor-17 --store old.keys --out sensor-17.key
            """
        )
        {
            id,
            output,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                ClientId client = KeyArguments.ToId(parsed.GetRequiredValue(id));
                string path = parsed.GetRequiredValue(output);
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                using StoredKey key =
                    await opened.Directory.FindAsync(client, cancellationToken)
                    ?? throw new ToolException($"{client} is not in {opened.Name}, or was revoked", ExitCode.NotFound);
                KeyTransfer.Write(path, key);
                console.Remark(
                    $"wrote {path}, which holds the key; delete it once it is imported, and revoke {client} in "
                        + $"{opened.Name}"
                );
            }
        );
        return command;
    }

    internal static Command CreateImport(ToolConsole console)
    {
        Argument<string> path = new("FILE") { Description = "A file that 'key export' wrote." };
        StoreArguments store = new();
        Command command = new(
            "import",
            """
            Adds the key in a file that 'key export' wrote. A key that is there already is left as it is, so an import
            that was interrupted is run again.

            Example:
              symratchet key import sensor-17.key --store new.keys
            """
        )
        {
            path,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using StoredKey key = KeyTransfer.Read(parsed.GetRequiredValue(path));
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                await KeyCopy.BringAsync(key, opened, cancellationToken);
                console.Remark(
                    $"{key.Id} is in {opened.Name}, at epoch "
                        + $"{key.Epoch}{(key.Successor is null ? "" : ", with the new key that waits beside it")}"
                );
            }
        );
        return command;
    }
}
