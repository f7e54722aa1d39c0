using System.Buffers;
using System.Globalization;
using Spectre.Console;
using SymRatchet.Aggregation;
using SymRatchet.CommandLine;

namespace SymRatchet.Samples.Client;

/// <summary>One client's run: connect, do the rounds, close.</summary>
internal sealed class FieldClient
{
    internal required Endpoint Server { get; init; }

    internal required SecureChannelClientOptions Channel { get; init; }

    internal required Measurements Measurements { get; init; }

    internal required int Rounds { get; init; }

    internal required TimeSpan Interval { get; init; }

    internal required TimeSpan Timeout { get; init; }

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int answered = 0;
        try
        {
            limit.CancelAfter(Timeout);
            await using ISecureChannel channel = await ConnectAsync(limit.Token);
            for (; answered < Rounds; answered++)
            {
                if (answered > 0)
                {
                    limit.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
                    await Task.Delay(Interval, cancellationToken);
                }

                limit.CancelAfter(Timeout);
                double aggregate = await DoRoundAsync(channel, limit.Token);
                Terminal.Out.MarkupLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"round {answered + 1}: aggregate [green]{aggregate:F2}[/]"
                    )
                );
            }

            limit.CancelAfter(Timeout);
            await channel.CloseAsync(limit.Token);
            return ExitCode.Success;
        }
        catch (Exception e) when (answered == Rounds && (e is SecureChannelException or OperationCanceledException))
        {
            // Every round was answered; that the server did not hear the goodbye changes nothing about it.
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Ended(answered, $"nothing heard from {Server} for {Timeout.TotalSeconds:0} s");
        }
        catch (SecureChannelException e)
        {
            throw Ended(answered, e.Message);
        }
    }

    private async Task<ISecureChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        Stream stream = await Server.ConnectAsync(cancellationToken);
        return await SecureChannel.ConnectAsync(stream, Channel, cancellationToken);
    }

    private async Task<double> DoRoundAsync(ISecureChannel channel, CancellationToken cancellationToken)
    {
        await channel.SendAsync(ContributionText.Format(Measurements.NextRound()), cancellationToken);
        ArrayBufferWriter<byte> answer = new();
        if (!await channel.ReceiveAsync(answer, cancellationToken))
            throw new SecureChannelException(SecureChannelError.TerminatedByPeer, "The server closed the session.");
        return AnswerText.TryParse(answer.WrittenSpan, out double aggregate)
            ? aggregate
            : throw new SecureChannelException(
                SecureChannelError.Malformed,
                "The server's answer is not an aggregate."
            );
    }

    private SampleException Ended(int answered, string reason) =>
        new($"{answered} of {Rounds} rounds were answered: {reason}");
}
