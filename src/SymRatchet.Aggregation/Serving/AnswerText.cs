using System.Globalization;
using System.Text;

namespace SymRatchet.Aggregation;

/// <summary>
/// What a server answers in a round: <c>Aggregated: </c> and the aggregate with two decimal places, in ASCII.
/// Thread-safe.
/// </summary>
public static class AnswerText
{
    private static ReadOnlySpan<byte> Prefix => "Aggregated: "u8;

    /// <summary>Writes an answer.</summary>
    /// <param name="aggregate">A finite number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static byte[] Format(double aggregate)
    {
        if (!double.IsFinite(aggregate))
            throw new ArgumentOutOfRangeException(nameof(aggregate), "An answer holds a finite number.");
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Aggregated: {aggregate:F2}"));
    }

    /// <summary>Reads the aggregate out of an answer that a peer sent.</summary>
    /// <param name="text">The message as it came.</param>
    /// <param name="aggregate">The aggregate; 0 where it fails.</param>
    /// <returns>Whether it is an answer.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out double aggregate)
    {
        aggregate = 0;
        return text.StartsWith(Prefix)
            && double.TryParse(
                text[Prefix.Length..],
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out aggregate
            )
            && double.IsFinite(aggregate);
    }
}
