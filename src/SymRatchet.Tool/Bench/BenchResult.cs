namespace SymRatchet.Tool.Bench;

/// <summary>The result of one test; a direction that it did not have is null.</summary>
internal sealed record BenchResult(string Test, BenchCount? Up, BenchCount? Down)
{
    internal IEnumerable<string> ToLines()
    {
        if (Up is not null)
            yield return ToLine(Down is null ? Test : $"{Test}, up", Up);
        if (Down is not null)
            yield return ToLine(Up is null ? Test : $"{Test}, down", Down);
    }

    private static string ToLine(string what, BenchCount count) =>
        $"{what, -18}  {Rates.Seconds(count.Seconds), 7}  {Rates.Bytes(count.Bytes), 9}  "
        + $"{Rates.BytesPerSecond(count.BytesPerSecond), 10}  {Rates.BitsPerSecond(count.BytesPerSecond), 12}  "
        + $"{Rates.MessagesPerSecond(count.MessagesPerSecond), 17}";
}
