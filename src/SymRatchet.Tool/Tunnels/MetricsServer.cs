using System.Net;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>Serves the meters as Prometheus text, at <c>/metrics</c>.</summary>
internal sealed class MetricsServer : IDisposable
{
    private readonly MeterProvider _provider;

    private MetricsServer(MeterProvider provider) => _provider = provider;

    /// <summary>Starts to serve.</summary>
    /// <exception cref="ToolException">The address cannot be listened on.</exception>
    internal static MetricsServer Start(TunnelEndPoint endPoint)
    {
        // To HttpListener, which compares it with the request's, all addresses are a plus sign.
        string host = endPoint.Host is "0.0.0.0" or "::" ? "+" : endPoint.Host!;
        try
        {
            return new MetricsServer(
                Sdk.CreateMeterProviderBuilder()
                    .AddMeter("SymRatchet", "SymRatchet.Tunnel", "System.Runtime")
                    .AddPrometheusHttpListener(options =>
                    {
                        options.Host = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
                        options.Port = endPoint.Port;
                        if (host == "127.0.0.1")
                            options.ConfigureHttpListener = (_, listener) =>
                                listener.Prefixes.Add($"http://localhost:{endPoint.Port}/metrics/");
                    })
                    .Build()
            );
        }
        catch (Exception e) when (e is HttpListenerException or ArgumentException or InvalidOperationException)
        {
            throw new ToolException($"cannot serve metrics on {endPoint}: {e.Message}");
        }
    }

    public void Dispose() => _provider.Dispose();
}
