using Spectre.Console;
using SymRatchet.Tool;

ToolConsole console = new(Console.Out, Console.Error)
{
    HasColors =
        !Console.IsOutputRedirected
        && Environment.GetEnvironmentVariable("TERM") != "dumb"
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
    CreateTerminal = Console.IsErrorRedirected
        ? null
        : () => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }),
};
return await ToolProgram.RunAsync(args, console);
