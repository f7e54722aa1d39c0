using SymRatchet.Tool;

return await ToolProgram.RunAsync(args, new ToolConsole(Console.Out, Console.Error));
