using System.Globalization;
using System.Text;

namespace SymRatchet.Aggregation;

/// <summary>Formats and parses the contribution of a client: decimal numbers in UTF-8, separated by commas.</summary>
/// <remarks>
/// White space around the numbers is allowed. The decimal separator is a point in every culture. Thread-safe.
/// </remarks>
public static class ContributionText
{
    /// <summary>The largest magnitude of a number: beyond it a double no longer has two decimal places.</summary>
    public const double MaxMagnitude = 1e13;

    /// <summary>Tries to parse a contribution.</summary>
    /// <param name="text">The received message.</param>
    /// <param name="maxNumbers">The largest count of numbers, 1 or more.</param>
    /// <param name="numbers">The numbers: at least one, all finite; empty if this returns false.</param>
    /// <param name="reason">The reason for a failure, which names positions but not contents; otherwise, null.</param>
    /// <returns>True if the message is a contribution; otherwise, false.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is less than 1.</exception>
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

    /// <summary>Returns the message for numbers, which round-trip exactly.</summary>
    /// <param name="numbers">
    /// The numbers: one or more, finite, with magnitudes of at most <see cref="MaxMagnitude"/>.
    /// </param>
    /// <exception cref="ArgumentException">There are no numbers, or one is out of range.</exception>
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
        // The platform's parser ignores trailing zero bytes, which are not white space.
        return !trimmed.Contains((byte)0) && double.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out number)
            ? WhyNot(number)
            : "is not a decimal number";
    }

    private static string? WhyNot(double number) =>
        double.IsNaN(number) ? "is not a number"
        : double.IsInfinity(number) ? "is infinite"
        : Math.Abs(number) > MaxMagnitude ? "is too large"
        : null;
}
