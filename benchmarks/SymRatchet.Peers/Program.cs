using SymRatchet.Peers;

return await PeersCommand.Create().Parse(args).InvokeAsync();
