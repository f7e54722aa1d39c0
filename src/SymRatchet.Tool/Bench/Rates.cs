using System.Globalization;

namespace SymRatchet.Tool.Bench;

/// <summary>Numbers as people read them, in decimal units.</summary>
internal static class Rates
{
    private static readonly string[] Prefixes = ["", "k", "M", "G", "T", "P"];

    internal static string Seconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00} s");

    internal static string Bytes(double value) => Scaled(value, "B");

    internal static string BytesPerSecond(double value) => Scaled(value, "B/s");

    internal static string BitsPerSecond(double bytes) => Scaled(8 * bytes, "bit/s");

    internal static string MessagesPerSecond(double value) => Scaled(value, " messages/s");

    internal static string PerSecond(double value) => Scaled(value, "/s");

    /// <summary>Three digits and a unit.</summary>
    private static string Scaled(double value, string unit)
    {
        int prefix = 0;
        for (; value >= 999.5 && prefix < Prefixes.Length - 1; prefix++)
            value /= 1000;
        string format =
            value < 9.995 ? "0.00"
            : value < 99.95 ? "0.0"
            : "0";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {$"{Prefixes[prefix]}{unit}".TrimStart()}";
    }
}
