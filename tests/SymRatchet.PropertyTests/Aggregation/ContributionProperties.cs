using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Xunit;
using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>What holds of contributions and answers, whatever is in them.</summary>
public sealed class ContributionProperties
{
    private static readonly string[] Blanks = ["", " ", "\t", "  ", "\r\n"];

    [Property(MaxTest = 1000)]
    public void What_a_client_writes_a_server_reads_as_the_same_numbers(NonEmptyArray<NormalFloat> numbers)
    {
        double[] sent = [.. numbers.Get.Select(InRange)];
        Assert.True(
            ContributionText.TryParse(
                ContributionText.Format(sent),
                sent.Length,
                out double[] read,
                out string? reason
            ),
            reason
        );
        Assert.Equal(sent, read);
        if (sent.Length > 1)
            Assert.False(ContributionText.TryParse(ContributionText.Format(sent), sent.Length - 1, out _, out _));
    }

    [Property(MaxTest = 1000)]
    public void Blanks_around_numbers_change_nothing(NonEmptyArray<decimal> numbers, byte before, byte after)
    {
        decimal[] sent = [.. numbers.Get.Select(number => number % 1_000_000)];
        string text = string.Join(
            ',',
            sent.Select(number =>
                Blanks[before % Blanks.Length]
                + number.ToString(CultureInfo.InvariantCulture)
                + Blanks[after % Blanks.Length]
            )
        );
        Assert.True(
            ContributionText.TryParse(
                Encoding.ASCII.GetBytes(text),
                sent.Length,
                out double[] read,
                out string? reason
            ),
            reason
        );
        Assert.Equal(sent.Select(number => (double)number), read);
    }

    [Property(MaxTest = 1000)]
    public void Any_bytes_are_read_as_finite_numbers_or_refused_with_a_reason(byte[] bytes, bool likeNumbers)
    {
        if (likeNumbers)
            bytes = [.. bytes.Select(b => (byte)"0123456789+-.,eE \0NnAaIi"[b % 24])];
        bool good = ContributionText.TryParse(bytes, 16, out double[] numbers, out string? reason);
        Assert.Equal(good, reason is null);
        Assert.Equal(good, numbers.Length > 0);
        Assert.All(
            numbers,
            number => Assert.InRange(number, -ContributionText.MaxMagnitude, ContributionText.MaxMagnitude)
        );
        if (good)
            Assert.Equal(
                Encoding
                    .ASCII.GetString(bytes)
                    .Split(',')
                    .Select(one => double.Parse(one, NumberStyles.Float, CultureInfo.InvariantCulture)),
                numbers
            );
    }

    [Property(MaxTest = 1000)]
    public void An_answer_reads_back_to_half_a_hundredth(NormalFloat number)
    {
        double aggregate = InRange(number);
        Assert.True(AnswerText.TryParse(AnswerText.Format(aggregate), out double read));
        Assert.Equal(aggregate, read, tolerance: 0.0051);
    }

    private static double InRange(NormalFloat number) => number.Get % ContributionText.MaxMagnitude;
}
