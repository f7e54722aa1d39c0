namespace SymRatchet.Samples;

/// <summary>What a client has measured, a few values a round, from the start again when they are used up.</summary>
public sealed class Measurements(double[] values, int start)
{
    private const int PerRound = 5;
    private const int DaysApart = 30;

    private int _next = start;

    /// <summary>
    /// Reads the measurements of a client. With the bundled data each client begins a month after the one before, so
    /// that they differ.
    /// </summary>
    public static Measurements Load(string? path, string? column, string client)
    {
        if (path is not null)
            return new Measurements(CsvColumn.Read(path, column), start: 0);

        double[] values = CsvColumn.Read(CsvColumn.BundledFile, column ?? CsvColumn.BundledColumn);
        int number = int.TryParse(client, out int parsed) ? parsed : client.Sum(c => c);
        return new Measurements(values, (int)((uint)number * DaysApart % (uint)values.Length));
    }

    public double[] NextRound()
    {
        double[] round = new double[Math.Min(PerRound, values.Length)];
        for (int i = 0; i < round.Length; i++)
            round[i] = values[_next++ % values.Length];
        return round;
    }
}
