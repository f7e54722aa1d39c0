namespace SymRatchet.Tunnel.PropertyTests;

/// <summary>What may happen to a connection through a tunnel.</summary>
public enum Step
{
    SendA,
    SendB,
    HalfCloseA,
    HalfCloseB,
    CloseA,
    CloseB,
    ResetA,
    ResetB,
    KillClient,
    KillServer,
}
