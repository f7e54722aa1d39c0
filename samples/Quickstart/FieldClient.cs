using System.Buffers;
using SymRatchet.Aggregation;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Quickstart;

/// <summary>
/// A client in the field. Its way to the server leads past a tap, which sees what everybody on the wire sees.
/// </summary>
internal sealed class FieldClient(string id, PreSharedKey key, CipherSuiteId suite)
{
    private readonly Measurements _measurements = Measurements.Load(path: null, column: null, id);

    internal string Id => id;

    internal async Task<FieldSession> RunSessionAsync(Endpoint server, int rounds, CancellationToken cancellationToken)
    {
        WireFingerprint fingerprint = new();
        await using var tap = ManInTheMiddle.Start(
            server,
            WireFormat.Of(ChannelProtocol.V1),
            (_, _, frame) =>
            {
                fingerprint.Add(frame);
                return [frame];
            }
        );
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(
            await tap.Endpoint.ConnectAsync(cancellationToken),
            new SecureChannelClientOptions { Key = key, Suites = [suite] },
            cancellationToken
        );
        List<FieldRound> done = [];
        ArrayBufferWriter<byte> answer = new();
        while (done.Count < rounds)
        {
            double[] measured = _measurements.NextRound();
            await channel.SendAsync(ContributionText.Format(measured), cancellationToken);
            answer.ResetWrittenCount();
            if (
                !await channel.ReceiveAsync(answer, cancellationToken)
                || !AnswerText.TryParse(answer.WrittenSpan, out double aggregate)
            )
                throw new SampleException($"client {id} got no aggregate in round {done.Count + 1} of its session");
            done.Add(new FieldRound(measured, aggregate, fingerprint.ToString()));
        }

        await channel.CloseAsync(cancellationToken);
        return new FieldSession(id, channel.Peer.Suite, channel.Peer.Epoch, done);
    }
}
