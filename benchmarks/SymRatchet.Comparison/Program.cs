using SymRatchet.Comparison;

return await PeersCommand.RunAsync(args);
