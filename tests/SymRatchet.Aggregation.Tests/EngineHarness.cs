using Microsoft.Extensions.Time.Testing;

namespace SymRatchet.Aggregation.Tests;

/// <summary>An engine with a clock that stands until it is moved, and everything it said.</summary>
internal sealed class EngineHarness
{
    internal EngineHarness(RoundClosing closing, Func<RoundOptions, RoundOptions>? change = null)
    {
        RoundOptions options = new()
        {
            Closing = closing,
            TimeProvider = Time,
            Observer = Events.Add,
        };
        Engine = RoundEngine.Create(change?.Invoke(options) ?? options);
    }

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    internal List<RoundEvent> Events { get; } = [];

    internal RoundEngine Engine { get; }

    internal RoundMember Join(string client, double weight = 1) => Engine.Join(client, weight);

    internal RoundRefusal Contribute(RoundMember member, params double[] numbers)
    {
        RoundRefusal refusal = Engine.Contribute(member, numbers);
        Settle();
        return refusal;
    }

    /// <summary>Aggregates whatever has closed.</summary>
    internal void Settle()
    {
        while (Engine.TakeAggregation() is { } closed)
        {
            closed.Run();
            Engine.Publish(closed);
        }
    }

    /// <summary>Takes all outcomes, as client, round and aggregate, or client and refusal.</summary>
    internal string[] Outcomes()
    {
        Settle();
        List<string> taken = [];
        while (Engine.TryTakeOutcome(out RoundOutcome outcome))
        {
            taken.Add(
                outcome.Refusal == RoundRefusal.None
                    ? FormattableString.Invariant($"{outcome.Member} {outcome.Round}: {outcome.Aggregate}")
                    : $"{outcome.Member}: {outcome.Refusal}"
            );
        }

        return [.. taken];
    }
}
