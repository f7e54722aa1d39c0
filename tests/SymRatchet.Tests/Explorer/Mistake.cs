namespace SymRatchet.Tests.Explorer;

/// <summary>What is put the wrong way round, to see that the explorer notices.</summary>
internal enum Mistake
{
    None,
    ClientSendsItsConfirmBeforeItAdvances,
    ServerConfirmsBeforeItAdvances,
    ClientSendsDataBeforeTheConfirm,
}
