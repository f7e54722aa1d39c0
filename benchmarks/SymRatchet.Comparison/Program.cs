using SymRatchet.Comparison;

return await PeersCommand.Create().Parse(args).InvokeAsync();
