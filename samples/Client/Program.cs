using SymRatchet.Samples;
using SymRatchet.Samples.Client;

return await SampleProgram.RunAsync(ClientCommand.Create(), args);
