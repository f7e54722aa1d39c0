using System.Globalization;
using System.Text;

namespace SymRatchet.Aggregation;

/// <summary>
/// What a client sends in a round: decimal numbers in UTF-8, separated by commas, with blanks around them where one
/// likes. The decimal separator is a point, whatever the machine's culture. Thread-safe.
/// </summary>
public static class ContributionText
{
    /// <summary>
    /// No number is larger than this, in either direction: beyond it a double no longer holds its second decimal place.
    /// </summary>
    public const double MaxMagnitude = 1e13;

    /// <summary>Reads a contribution that a peer sent.</summary>
    /// <param name="text">The message as it came.</param>
    /// <param name="maxNumbers">How many numbers are allowed, at least 1.</param>
    /// <param name="numbers">The numbers, at least one, all finite; empty where it fails.</param>
    /// <param name="reason">Why it fails, or null. It names positions, never contents.</param>
    /// <returns>Whether every number is good.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, int maxNumbers, out double[] numbers, out string? reason)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNumbers, 1);
        numbers = [];
        int count = text.Count((byte)',') + 1;
        if (count > maxNumbers)
        {
            reason = $"{count} numbers where {maxNumbers} are allowed";
            return false;
        }

        double[] parsed = new double[count];
        int position = 0;
        foreach (Range range in text.Split((byte)','))
        {
            reason = ParseNumber(text[range], out parsed[position++]);
            if (reason is not null)
            {
                reason = $"number {position} of {count} {reason}";
                return false;
            }
        }

        numbers = parsed;
        reason = null;
        return true;
    }

    /// <summary>Writes a contribution, each number so that it reads back as the same.</summary>
    /// <param name="numbers">The numbers: one or more, finite, at most <see cref="MaxMagnitude"/> in size.</param>
    /// <exception cref="ArgumentException">There is no number, or one that a server refuses.</exception>
    public static byte[] Format(ReadOnlySpan<double> numbers)
    {
        if (numbers.IsEmpty)
            throw new ArgumentException("A contribution holds at least one number.", nameof(numbers));

        StringBuilder text = new();
        foreach (double number in numbers)
        {
            if (WhyNot(number) is { } reason)
                throw new ArgumentException($"One of the numbers {reason}.", nameof(numbers));
            if (text.Length > 0)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{number:R}");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string? ParseNumber(ReadOnlySpan<byte> text, out double number)
    {
        number = 0;
        ReadOnlySpan<byte> trimmed = text.Trim(" \t\r\n"u8);
        if (trimmed.IsEmpty)
            return "is empty";

        const NumberStyles Style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        // The platform's parser takes zero bytes at the end for blanks; they are none.
        return !trimmed.Contains((byte)0) && double.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out number)
            ? WhyNot(number)
            : "is no decimal number";
    }

    private static string? WhyNot(double number) =>
        double.IsNaN(number) ? "is not a number"
        : double.IsInfinity(number) ? "is infinite"
        : Math.Abs(number) > MaxMagnitude ? "is too large"
        : null;
}
