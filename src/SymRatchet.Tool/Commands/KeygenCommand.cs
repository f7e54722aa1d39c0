using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>
/// <c>symratchet keygen</c>: a new key in a credential file, or on the screen where that is asked for.
/// </summary>
internal static class KeygenCommand
{
    internal static Command Create(ToolConsole console)
    {
        Argument<string> id = KeyArguments.Id();
        Option<string?> output = KeyArguments.Out();
        Option<string> server = KeyArguments.Server();
        Option<KeyEvolution> evolution = KeyArguments.Evolution();
        Option<bool> reveal = new("--reveal")
        {
            Description = "Write the credential, with the key, to standard output.",
        };
        Command command = new(
            "keygen",
            """
            Makes a new random key for a client.

            Examples:
              symratchet keygen sensor-17 --out sensor-17.credential
              symratchet keygen sensor-17 --reveal
            """
        )
        {
            id,
            output,
            server,
            evolution,
            reveal,
        };
        command.SetAction(parsed =>
        {
            string? path = parsed.GetValue(output);
            if (path is null == !parsed.GetValue(reveal))
                throw new ToolException(
                    "say where the key goes: --out FILE, or --reveal for the screen",
                    ExitCode.Usage
                );
            using var key = PreSharedKey.Generate(
                KeyArguments.ToId(parsed.GetRequiredValue(id)),
                parsed.GetRequiredValue(server),
                parsed.GetValue(evolution)
            );
            if (path is not null)
            {
                key.WriteCredentialFile(path);
                console.Remark($"wrote {path}; whoever has it can speak as {key.Id}");
                return;
            }

            using MemoryStream credential = new();
            key.WriteCredential(credential);
            console.Out.Write(Encoding.ASCII.GetString(credential.GetBuffer(), 0, (int)credential.Length));
            CryptographicOperations.ZeroMemory(credential.GetBuffer());
        });
        return command;
    }
}
