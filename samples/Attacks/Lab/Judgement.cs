using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>Verdicts on what showed on the wire and at the ends.</summary>
internal static class Judgement
{
    private const byte KeyDesyncError = 50;
    private const byte Terminate = 60;

    /// <summary>
    /// Judges by what happened at both ends: how many data frames the server answered, what its application got, and
    /// whether it ended the session.
    /// </summary>
    internal static AttackReport Judge(
        this Laboratory laboratory,
        string sent,
        IEnumerable<byte[]> fromServer,
        int answersOwed,
        string[] forged,
        bool ended
    )
    {
        int answers = fromServer.Count(frame => laboratory.Format.IsAnswer(frame));
        byte? last = fromServer.LastOrDefault() is { } frame ? laboratory.Format.Opcode(frame) : null;
        string? taken = forged.FirstOrDefault(message => laboratory.Delivered?.Contains(message) ?? false);
        bool refused = answers <= answersOwed && taken is null && ended;
        string did = (answers, ended) switch
        {
            (_, false) => "kept the session open",
            (0, true) when last is null => "said nothing and hung up",
            _ => $"answered {answers}, ended the session{LastWord(last)}",
        };
        if (taken is not null)
            did += $"; its application got '{taken}'";
        return new AttackReport(sent, did, refused ? Verdict.Refused : Verdict.Accepted);
    }

    private static string LastWord(byte? opcode) =>
        opcode switch
        {
            KeyDesyncError => " with KEY_DESYNC_ERROR",
            Terminate => " with TERMINATE",
            _ => "",
        };

    /// <summary>One report over many trials: refused where each was, or the first that was not.</summary>
    internal static AttackReport Together(string sent, IReadOnlyList<(string Trial, AttackReport Report)> trials)
    {
        (string Trial, AttackReport Report)[] accepted =
        [
            .. trials.Where(trial => trial.Report.Verdict == Verdict.Accepted),
        ];
        string measured = $"{trials.Count} trials, {trials.Count - accepted.Length} refused";
        return accepted is [var first, ..]
            ? new AttackReport(sent, $"{first.Trial}: {first.Report.Did}", Verdict.Accepted) { Measured = measured }
            : new AttackReport(sent, "ended every session", Verdict.Refused) { Measured = measured };
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    /// <returns>False where it never did.</returns>
    internal static async Task<bool> HasEndedAsync(this ManInTheMiddle wire, CancellationToken cancellationToken)
    {
        try
        {
            await wire.ServerEnded.WaitAsync(Laboratory.Timeout, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Reads what the server still says until it ends the connection or nothing comes any more.</summary>
    internal static async Task<(List<byte[]> Frames, bool Ended)> ListenAsync(
        this FrameStream connection,
        CancellationToken cancellationToken
    )
    {
        List<byte[]> frames = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Laboratory.Timeout);
        try
        {
            while (await connection.ReadAsync(limit.Token) is { } frame)
                frames.Add(frame);
            return (frames, true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (frames, false);
        }
    }
}
