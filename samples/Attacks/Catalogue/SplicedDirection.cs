using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class SplicedDirection : IAttack
{
    public string Name => "spliced-direction";

    public string How =>
        "As reflected-message, with the answer's header rewritten to that of a client's\n"
        + "next message: opcode, direction and round are what the server waits for.";

    public string Why => "Each direction has keys of its own, and the header is authenticated.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        ReflectedMessage.SpliceAnswerAsync(
            laboratory,
            "the server's answer in a client's clothes",
            pretend: true,
            cancellationToken
        );
}
