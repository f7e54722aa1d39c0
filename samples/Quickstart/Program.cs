using SymRatchet.Samples;
using SymRatchet.Samples.Quickstart;

return await SampleProgram.RunAsync(QuickstartCommand.Create(), args);
