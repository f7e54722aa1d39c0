using System.Diagnostics;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class SlowLoris : IAttack
{
    private static readonly TimeSpan ServersLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public string Name => "slow-loris";

    public string How =>
        "The attacker sends a hello a byte every 100 ms, for as long as the server lets\n"
        + "him hold a place. The server's time limit is set to one second here.";

    public string Why => "The time limit counts from the connection's beginning, however many bytes come.";

    public bool NeedsInside => true;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        await using LabServer server = laboratory.StartServer(handshakeTimeout: ServersLimit);
        await using FrameStream connection = new(
            await server.Endpoint.ConnectAsync(cancellationToken),
            laboratory.Format
        );
        byte[] hello = new byte[200];
        hello[laboratory.Format.OpcodeOffset] = 10;
        if (laboratory.Protocol == ChannelProtocol.V1)
            hello[2] = 1;
        laboratory.Format.SetLength(hello, (uint)(hello.Length - laboratory.Format.PrefixSize));

        var watch = Stopwatch.StartNew();
        Task<(List<byte[]>, bool Ended)> listening = connection.ListenAsync(cancellationToken);
        int sent = 0;
        while (!listening.IsCompleted)
        {
            await connection.WriteAsync([hello[sent++]], cancellationToken);
            await Task.WhenAny(listening, Task.Delay(Pause, cancellationToken));
        }

        bool ended = (await listening).Ended;
        return new AttackReport(
            $"{sent} bytes, one at a time",
            ended ? "hung up at its time limit" : "still waits",
            ended ? Verdict.Refused : Verdict.Accepted
        )
        {
            Measured = FormattableString.Invariant($"held a place for {watch.Elapsed.TotalSeconds:0.0} s"),
        };
    }
}
