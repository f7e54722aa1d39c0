using System.Globalization;
using System.Text;
using SymRatchet.TestKit;

namespace SymRatchet.Aggregation.Tests;

public sealed class ContributionTextTests
{
    public static TheoryData<string, double[]> Good =>
        new()
        {
            { "1", [1] },
            { "1,2,3", [1, 2, 3] },
            { " 12.5 ,\t-3.25, +0.5\r\n", [12.5, -3.25, 0.5] },
            { "1e3,-2.5E-2", [1000, -0.025] },
            { ".5,5.", [0.5, 5] },
            { "-0", [-0.0] },
        };

    [Theory]
    [MemberData(nameof(Good))]
    public void Decimal_numbers_between_commas_are_read(string text, double[] expected)
    {
        Assert.True(
            ContributionText.TryParse(Encoding.UTF8.GetBytes(text), 10, out double[] numbers, out string? reason)
        );
        Assert.Equal(expected, numbers);
        Assert.Null(reason);
    }

    [Theory]
    [InlineData("", "number 1 of 1 is empty")]
    [InlineData("   ", "number 1 of 1 is empty")]
    [InlineData("1,,2", "number 2 of 3 is empty")]
    [InlineData("1,2,", "number 3 of 3 is empty")]
    [InlineData("1,two", "number 2 of 2 is not a decimal number")]
    [InlineData("1 2", "number 1 of 1 is not a decimal number")]
    [InlineData("0x10", "number 1 of 1 is not a decimal number")]
    [InlineData("(3)", "number 1 of 1 is not a decimal number")]
    [InlineData("1;2", "number 1 of 1 is not a decimal number")]
    [InlineData("٣", "number 1 of 1 is not a decimal number")]
    [InlineData("1\0", "number 1 of 1 is not a decimal number")]
    [InlineData("NaN", "number 1 of 1 is not a number")]
    [InlineData("4,nan", "number 2 of 2 is not a number")]
    [InlineData("Infinity", "number 1 of 1 is infinite")]
    [InlineData("-∞", "number 1 of 1 is not a decimal number")]
    [InlineData("-Infinity", "number 1 of 1 is infinite")]
    [InlineData("1e999", "number 1 of 1 is infinite")]
    [InlineData("10000000000001", "number 1 of 1 is too large")]
    [InlineData("-1e14", "number 1 of 1 is too large")]
    public void Anything_else_is_refused_with_its_position(string text, string expected)
    {
        Assert.False(
            ContributionText.TryParse(Encoding.UTF8.GetBytes(text), 10, out double[] numbers, out string? reason)
        );
        Assert.Equal(expected, reason);
        Assert.Empty(numbers);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.False(ContributionText.TryParse([0xff, 0xfe, 0x00], 10, out _, out _));

    [Fact]
    public void The_reason_does_not_repeat_what_was_sent()
    {
        ContributionText.TryParse("hunter2\u001b[2J"u8, 10, out _, out string? reason);
        Assert.DoesNotContain("hunter2", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_numbers_as_allowed_are_read_and_not_one_more()
    {
        Assert.True(ContributionText.TryParse("1,2,3"u8, 3, out _, out _));
        Assert.False(ContributionText.TryParse("1,2,3,4"u8, 3, out _, out string? reason));
        Assert.Equal("4 numbers where 3 are allowed", reason);
    }

    [Fact]
    public void A_million_commas_cost_no_array()
    {
        byte[] commas = new byte[1_000_000];
        commas.AsSpan().Fill((byte)',');
        Assert.InRange(
            Allocation.Of(() => Assert.False(ContributionText.TryParse(commas, 1024, out _, out _))),
            0,
            4096
        );
    }

    [Fact]
    public void A_comma_stays_a_separator_whatever_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            german.NumberFormat.NumberDecimalSeparator = ",";
            german.NumberFormat.NumberGroupSeparator = ".";
            CultureInfo.CurrentCulture = german;
            Assert.True(ContributionText.TryParse("1.5,2"u8, 10, out double[] numbers, out _));
            Assert.Equal([1.5, 2], numbers);
            Assert.Equal("1.5,2", Encoding.ASCII.GetString(ContributionText.Format([1.5, 2])));
            Assert.Equal("Aggregated: 1234.50", Encoding.ASCII.GetString(AnswerText.Format(1234.5)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(3.14159, "Aggregated: 3.14")]
    [InlineData(-12, "Aggregated: -12.00")]
    [InlineData(0, "Aggregated: 0.00")]
    [InlineData(10000000000000.25, "Aggregated: 10000000000000.25")]
    public void An_answer_has_two_decimal_places_and_reads_back(double aggregate, string expected)
    {
        byte[] answer = AnswerText.Format(aggregate);
        Assert.Equal(expected, Encoding.ASCII.GetString(answer));
        Assert.True(AnswerText.TryParse(answer, out double read));
        Assert.InRange(read, aggregate - 0.005, aggregate + 0.005);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Aggregated: ")]
    [InlineData("Aggregated: NaN")]
    [InlineData("Aggregated: 1.0 or so")]
    [InlineData("aggregated: 1.00")]
    public void What_is_no_answer_is_not_read_as_one(string text) =>
        Assert.False(AnswerText.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void A_server_never_writes_an_answer_without_a_number() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AnswerText.Format(double.NaN));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(2e13)]
    public void A_client_cannot_write_what_a_server_refuses(double number) =>
        Assert.Throws<ArgumentException>(() => ContributionText.Format([1, number]));
}
