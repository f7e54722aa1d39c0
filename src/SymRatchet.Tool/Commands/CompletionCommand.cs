using System.CommandLine;
using SymRatchet.Tool.Completion;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet completion</c>: the script that makes a shell complete the tool's command lines.</summary>
internal static class CompletionCommand
{
    internal static Command Create(ToolConsole console)
    {
        Argument<string> shell = new("SHELL") { Description = "The shell: bash, zsh or fish." };
        shell.AcceptOnlyFromAmong(CompletionScript.Shells);
        Command command = new(
            "completion",
            """
            Writes a script for a shell, which then completes commands, options and their values.

            Examples:
              eval "$(symratchet completion bash)"
              symratchet completion zsh > ~/.zsh/completions/_symratchet
              symratchet completion fish > ~/.config/fish/completions/symratchet.fish
            """
        )
        {
            shell,
        };
        command.SetAction(parsed => console.Out.WriteLine(CompletionScript.For(parsed.GetRequiredValue(shell))));
        return command;
    }
}
