using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>Courses that several attacks take.</summary>
internal static class Trials
{
    private const string Message = "13";

    /// <summary>An honest session whose first data message the attacker changes.</summary>
    internal static Task<AttackReport> RewriteFirstDataAsync(
        this Laboratory laboratory,
        string sent,
        Action<byte[]> rewrite,
        CancellationToken cancellationToken
    ) =>
        laboratory.ReplaceFirstDataAsync(
            sent,
            frame =>
            {
                rewrite(frame);
                return [frame];
            },
            Message,
            cancellationToken
        );

    /// <summary>An honest session in place of whose first data message the attacker sends others.</summary>
    internal static async Task<AttackReport> ReplaceFirstDataAsync(
        this Laboratory laboratory,
        string sent,
        Func<byte[], IEnumerable<byte[]>> replace,
        string forged,
        CancellationToken cancellationToken
    )
    {
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
                toServer && index == laboratory.Format.ClientFramesBeforeData ? replace(frame) : [frame]
        );
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), [Message], cancellationToken);
        return laboratory.Judge(
            sent,
            wire.FromServer,
            answersOwed: 0,
            forged: [forged],
            await wire.HasEndedAsync(cancellationToken)
        );
    }

    /// <summary>An honest session of a client, with all that passed on its wire.</summary>
    internal static async Task<(IReadOnlyList<byte[]> FromClient, IReadOnlyList<byte[]> FromServer)> RecordAsync(
        this Laboratory laboratory,
        SecureChannelClientOptions client,
        string[] messages,
        CancellationToken cancellationToken
    )
    {
        await using ManInTheMiddle wire = laboratory.Intercept();
        Visit visit = await Laboratory.VisitAsync(wire.Endpoint, client, messages, cancellationToken);
        if (visit.Answers.Count != messages.Length)
            throw new SampleException(
                $"the honest session that was to be recorded got {visit.Answers.Count} of {messages.Length} answers "
                    + $"({visit.Failure})"
            );
        await wire.HasEndedAsync(cancellationToken);
        return (wire.FromClient, wire.FromServer);
    }

    internal static Task<(IReadOnlyList<byte[]> FromClient, IReadOnlyList<byte[]> FromServer)> RecordAsync(
        this Laboratory laboratory,
        ClientId id,
        string[] messages,
        CancellationToken cancellationToken
    ) =>
        laboratory.RecordAsync(
            new SecureChannelClientOptions { Protocol = laboratory.Protocol, Key = laboratory.KeyOf(id) },
            messages,
            cancellationToken
        );

    /// <summary>
    /// Sends recorded client frames on a connection of the attacker's own, each after what the server says to the one
    /// before.
    /// </summary>
    internal static async Task<AttackReport> ReplayAsync(
        this Laboratory laboratory,
        string sent,
        IReadOnlyList<byte[]> frames,
        int answersOwed,
        CancellationToken cancellationToken
    )
    {
        int before = laboratory.Delivered?.Count ?? 0;
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        List<byte[]> answered = [];
        foreach (byte[] frame in frames)
        {
            await connection.WriteAsync(frame, cancellationToken);
            if (await connection.ReadAsync(cancellationToken) is not { } answer)
                break;
            answered.Add(answer);
        }

        int taken = (laboratory.Delivered?.Count ?? 0) - before;
        int aggregates = answered.Count(frame => laboratory.Format.IsAnswer(frame));
        return taken > answersOwed || aggregates > answersOwed
            ? new AttackReport(sent, $"answered {aggregates} old messages as new", Verdict.Accepted)
            : new AttackReport(
                sent,
                $"answered {answered.Count} frame{(answered.Count == 1 ? "" : "s")}, "
                    + $"{(aggregates == 0 ? "none" : $"{aggregates}")} to data, and hung up",
                Verdict.Refused
            );
    }

    /// <summary>The client's frames of a recording up to its first data, then others in place of the rest.</summary>
    internal static byte[][] WithData(
        this Laboratory laboratory,
        IReadOnlyList<byte[]> fromClient,
        params int[] data
    ) =>
        [
            .. fromClient.Take(laboratory.Format.ClientFramesBeforeData),
            .. data.Select(index => fromClient[laboratory.Format.ClientFramesBeforeData + index]),
        ];
}
