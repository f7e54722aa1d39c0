using System.CommandLine;

namespace SymRatchet.Tool.Keys;

/// <summary>Arguments and options that several commands share, so that they mean the same everywhere.</summary>
internal static class KeyArguments
{
    internal static Argument<string> Id() =>
        new("ID") { Description = "The client's id: its text as it is, or 0x and its bytes in hex." };

    internal static Option<bool> Json() => new("--json") { Description = "Write the result as JSON." };

    internal static Option<string?> Out() =>
        new("--out")
        {
            Description = "The credential file to write for the client; it must not exist yet.",
            HelpName = "FILE",
        };

    internal static Option<string?> Credential() =>
        new("--credential")
        {
            Description = "Take the key from this credential file instead of making a new one.",
            HelpName = "FILE",
        };

    internal static Option<string> Server() =>
        new("--server")
        {
            Description = "The server's name, if it has one; the same on both sides.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "",
        };

    internal static Option<KeyEvolution> Evolution() =>
        new("--evolution")
        {
            Description = "None for a client without durable memory, which gives up forward secrecy between sessions.",
            DefaultValueFactory = _ => KeyEvolution.Forward,
        };

    internal static Option<CipherSuiteId[]> Suites() =>
        ToolOptions.Several<CipherSuiteId>(
            "--suite",
            "A suite that the client may use; may be repeated. Default: all."
        );

    internal static ClientId ToId(string id)
    {
        try
        {
            return ClientId.Parse(id);
        }
        catch (FormatException e)
        {
            throw new ToolException(e.Message, ExitCode.Usage);
        }
    }
}
