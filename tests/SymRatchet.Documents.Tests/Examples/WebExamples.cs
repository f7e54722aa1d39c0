using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.AspNetCore;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>They listen on a port of their own and name a host, so they are compiled here, and run where the package is tested.</summary>
internal static class WebExamples
{
    internal static void Both(WebApplicationBuilder builder, IKeyStore keys, PreSharedKey key)
    {
        // The server.
        builder.Services.AddSymRatchet(options => options.Keys = keys);
        builder.Services.AddAuthentication().AddSymRatchet();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(5000, listen => listen.UseSymRatchet()));

        // The client. The address begins with http://, since the protection is the connection's.
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = key });
        using HttpClient http = new(handler) { BaseAddress = new Uri("http://server:5000") };
    }
}
