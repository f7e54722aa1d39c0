using System.Net;
using Microsoft.AspNetCore.Http;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>
/// The names under which the page is served. A strange site can make a name of its own point to this machine and so
/// read the page through a visitor's browser; but the browser then asks for that name, and it is none of these.
/// </summary>
internal sealed class HostNames(string configured)
{
    /// <summary>
    /// Whether a request asks for this page by an address, by localhost, or by the name that the server was given.
    /// </summary>
    internal bool Allow(HostString host) =>
        host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Host.Equals(configured, StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Host, out _);
}
