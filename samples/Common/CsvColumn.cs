using System.Globalization;
using System.Text;

namespace SymRatchet.Samples;

/// <summary>
/// The numbers of one column of a CSV file whose first line names the columns. Fields may be in double quotes.
/// </summary>
public static class CsvColumn
{
    /// <summary>The data set that comes with the samples, beside the program.</summary>
    public static string BundledFile => Path.Combine(AppContext.BaseDirectory, "data", "seattle-weather.csv");

    /// <summary>The column of the bundled data set that is sent unless another is asked for.</summary>
    public const string BundledColumn = "temp_max";

    /// <summary>Reads a column.</summary>
    /// <param name="path">The file.</param>
    /// <param name="column">The column's name, or null for the first one with a number in its first row.</param>
    public static double[] Read(string path, string? column = null)
    {
        string[] lines = ReadLines(path);
        int header = Array.FindIndex(lines, line => !string.IsNullOrWhiteSpace(line));
        int first = header < 0 ? -1 : Array.FindIndex(lines, header + 1, line => !string.IsNullOrWhiteSpace(line));
        if (first < 0)
            throw new SampleException($"{path}: it needs a line of column names and a line of values");

        string[] names = Split(lines[header]);
        int index = column is not null
            ? Array.FindIndex(names, name => name.Equals(column, StringComparison.OrdinalIgnoreCase))
            : Array.FindIndex(Split(lines[first]), field => TryParse(field, out _));
        if (index < 0)
        {
            throw new SampleException(
                column is null
                    ? $"{path}:{first + 1}: there is no number in this row"
                    : $"{path}: there is no column '{column}'; there are {string.Join(", ", names)}"
            );
        }

        List<double> values = [];
        for (int i = first; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            string[] fields = Split(lines[i]);
            if (index >= fields.Length || !TryParse(fields[index], out double value))
                throw new SampleException(
                    $"{path}:{i + 1}: there is no number in column "
                        + $"'{(index < names.Length ? names[index] : $"{index + 1}")}'"
                );
            values.Add(value);
        }

        return [.. values];
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"cannot read the data file: {e.Message}", e);
        }
    }

    private static bool TryParse(string field, out double value) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static string[] Split(string line)
    {
        List<string> fields = [];
        StringBuilder field = new();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append(line[i++]);
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString().Trim());
        return [.. fields];
    }
}
