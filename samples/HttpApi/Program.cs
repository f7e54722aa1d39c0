using SymRatchet.Samples;
using SymRatchet.Samples.HttpApi;

return await SampleProgram.RunAsync(HttpApiCommand.Create(), args);
