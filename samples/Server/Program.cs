using SymRatchet.Samples;
using SymRatchet.Samples.Server;

return await SampleProgram.RunAsync(ServerCommand.Create(), args, ownSignals: true);
