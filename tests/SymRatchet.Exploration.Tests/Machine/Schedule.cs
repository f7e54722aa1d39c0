using System.Globalization;

namespace SymRatchet.Exploration.Machine;

/// <summary>
/// A place where a run departs from the default order: at the point of this number, this choice instead of 0.
/// </summary>
internal readonly record struct Deviation(int Point, int Choice);

/// <summary>All departures of one run, in order: what is printed on a failure, and what replays it.</summary>
internal sealed record Schedule(IReadOnlyList<Deviation> Deviations)
{
    internal static readonly Schedule Default = new([]);

    internal static Schedule Parse(string text) =>
        new([
            .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(part => part.Split(':'))
                .Select(pair => new Deviation(
                    int.Parse(pair[0], CultureInfo.InvariantCulture),
                    int.Parse(pair[1], CultureInfo.InvariantCulture)
                )),
        ]);

    internal Schedule With(Deviation next) => new([.. Deviations, next]);

    public override string ToString() =>
        Deviations.Count == 0
            ? "(default)"
            : string.Join(' ', Deviations.Select(deviation => $"{deviation.Point}:{deviation.Choice}"));
}
