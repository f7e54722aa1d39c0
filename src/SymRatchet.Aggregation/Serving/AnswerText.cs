using System.Globalization;
using System.Text;

namespace SymRatchet.Aggregation;

/// <summary>
/// Formats and parses the answer of a server: <c>Aggregated: </c> and the aggregate with two decimal places, in ASCII.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public static class AnswerText
{
    private static ReadOnlySpan<byte> Prefix => "Aggregated: "u8;

    /// <summary>Returns the message for an aggregate.</summary>
    /// <param name="aggregate">The aggregate; finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static byte[] Format(double aggregate)
    {
        if (!double.IsFinite(aggregate))
            throw new ArgumentOutOfRangeException(nameof(aggregate), "An answer holds a finite number.");
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Aggregated: {aggregate:F2}"));
    }

    /// <summary>Tries to parse an answer.</summary>
    /// <param name="text">The received message.</param>
    /// <param name="aggregate">The aggregate; 0 if this returns false.</param>
    /// <returns>True if the message is an answer; otherwise, false.</returns>
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
