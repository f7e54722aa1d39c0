using System.Collections.Concurrent;

namespace SymRatchet.Samples.HttpApi;

/// <summary>What the devices have reported. Thread-safe.</summary>
internal sealed class FleetState
{
    private readonly ConcurrentDictionary<string, List<double>> _values = new(StringComparer.Ordinal);

    /// <summary>Takes a value and returns the mean of all that the device has reported.</summary>
    internal double Report(string device, double value)
    {
        List<double> values = _values.GetOrAdd(device, _ => []);
        lock (values)
        {
            values.Add(value);
            return values.Average();
        }
    }

    internal double? Latest(string device)
    {
        if (!_values.TryGetValue(device, out List<double>? values))
            return null;
        lock (values)
            return values is [.., double latest] ? latest : null;
    }
}
