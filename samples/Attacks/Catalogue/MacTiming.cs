using System.Diagnostics;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class MacTiming : IAttack
{
    private const int Samples = 300;

    // How far two samples of the same thing may lie apart by chance, in standard deviations; beyond it the time tells
    // something.
    private const double Significant = 6;

    public string Name => "mac-timing";

    public string How =>
        "The server's time to refuse a message with a wrong authenticator is compared with its time to\n"
        + "refuse one with wrong padding, in many sessions by turns.";

    public string Why => "Both are refused at the same place, by one comparison in constant time.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        List<double> authenticator = [];
        List<double> padding = [];
        for (int i = 0; i < Samples; i++)
        {
            authenticator.Add(await TimeAsync(laboratory, fromEnd: 1, cancellationToken));
            padding.Add(await TimeAsync(laboratory, fromEnd: 33, cancellationToken));
        }

        double z = RankSum(authenticator, padding);
        string measured = FormattableString.Invariant(
            $"medians {Median(authenticator):0} and {Median(padding):0} us, rank-sum z = {z:0.0}"
        );
        return new AttackReport(
            $"{Samples} messages of each kind",
            Math.Abs(z) < Significant ? "took the same time for both" : "took another time for wrong padding",
            Math.Abs(z) < Significant ? Verdict.Refused : Verdict.Accepted
        )
        {
            Measured = measured,
        };
    }

    // From the changed message on its way to the first word or the end that comes back, in microseconds.
    private static async Task<double> TimeAsync(Laboratory laboratory, int fromEnd, CancellationToken cancellationToken)
    {
        long sent = 0;
        long heard = 0;
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                if (toServer && index == laboratory.Format.ClientFramesBeforeData)
                {
                    frame[^fromEnd] ^= 1;
                    sent = Stopwatch.GetTimestamp();
                }
                else if (!toServer && sent != 0 && heard == 0)
                {
                    heard = Stopwatch.GetTimestamp();
                }

                return [frame];
            }
        );
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["71"], cancellationToken);
        await wire.HasEndedAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(sent, heard == 0 ? Stopwatch.GetTimestamp() : heard).TotalMicroseconds;
    }

    private static double Median(List<double> samples) => samples.Order().ElementAt(samples.Count / 2);

    // The Mann-Whitney test: it asks only which of two samples is larger, so that a few slow ones do not decide.
    private static double RankSum(List<double> a, List<double> b)
    {
        double larger = a.Sum(x =>
            b.Sum(y =>
                x > y ? 1
                : x == y ? 0.5
                : 0
            )
        );
        double pairs = (double)a.Count * b.Count;
        return (larger - (pairs / 2)) / Math.Sqrt(pairs * (a.Count + b.Count + 1) / 12);
    }
}
