using SymRatchet.Samples;
using SymRatchet.Samples.Attacks;

return await SampleProgram.RunAsync(AttacksCommand.Create(), args);
