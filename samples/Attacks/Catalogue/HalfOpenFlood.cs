using System.Diagnostics;
using System.Net.Sockets;
using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class HalfOpenFlood : IAttack
{
    private const int Connections = 1000;
    private const int HonestVisits = 20;

    public string Name => "half-open-flood";

    public string How =>
        "The attacker opens a thousand connections and says nothing on any of them;\n"
        + "meanwhile honest clients come and want to be served.";

    public string Why => "Handshakes in flight are bounded, and the oldest silent one makes room for the next.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        List<NetworkStream> silent = [];
        try
        {
            for (int i = 0; i < Connections; i++)
                silent.Add(await laboratory.Server.ConnectAsync(cancellationToken));

            var watch = Stopwatch.StartNew();
            int served = 0;
            for (int i = 0; i < HonestVisits; i++)
                served += (
                    await laboratory.VisitAsync(
                        laboratory.Server,
                        laboratory.KeyOf(laboratory.Victim),
                        ["73"],
                        cancellationToken
                    )
                )
                    .Answers
                    .Count;
            return new AttackReport(
                $"{Connections} silent connections",
                $"served {served} of {HonestVisits} honest clients meanwhile",
                served == HonestVisits ? Verdict.Refused : Verdict.Accepted
            )
            {
                Measured = FormattableString.Invariant(
                    $"{watch.Elapsed.TotalMilliseconds / HonestVisits:0.0} ms an honest visit"
                ),
            };
        }
        finally
        {
            foreach (NetworkStream connection in silent)
                await connection.DisposeAsync();
        }
    }
}
