using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>The man in the middle changes the first data message of an honest session on its way.</summary>
internal sealed class RewrittenMessage(
    string name,
    string how,
    string why,
    string sent,
    Action<WireFormat, byte[]> rewrite
) : IAttack
{
    public string Name => name;

    public string How => how;

    public string Why => why;

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        laboratory.RewriteFirstDataAsync(sent, frame => rewrite(laboratory.Format, frame), cancellationToken);
}
