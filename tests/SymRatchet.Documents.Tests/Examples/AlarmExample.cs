using System.Diagnostics.Metrics;

namespace SymRatchet.Documents.Tests.Examples;

internal static class AlarmExample
{
    internal static IDisposable Listen(Action<string> alarm)
    {
        MeterListener listener = new();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "SymRatchet", Name: "symratchet.alarms" })
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                foreach (KeyValuePair<string, object?> tag in tags)
                {
                    if (tag.Key == "kind")
                        alarm($"{tag.Value}");
                }
            }
        );
        listener.Start();
        return listener;
    }
}
