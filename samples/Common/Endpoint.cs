using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Samples;

/// <summary>HOST:PORT, with IPv6 addresses in brackets.</summary>
public sealed record Endpoint(string Host, int Port)
{
    public static Endpoint Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon] : "";
        if (
            host.StartsWith('[')
            && host.EndsWith(']')
            && IPAddress.TryParse(host[1..^1], out IPAddress? address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
        )
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            throw new SampleException(
                $"'{text}' is not an endpoint: an IPv6 address is written in brackets, as in [::1]:9999."
            );
        if (host.Length == 0 || host.AsSpan().ContainsAny("[] "))
            throw new SampleException($"'{text}' is not an endpoint: it looks like 127.0.0.1:9999 or [::1]:9999.");
        if (
            !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > IPEndPoint.MaxPort
        )
            throw new SampleException(
                $"'{text}' is not an endpoint: the port is a number from 0 to {IPEndPoint.MaxPort}."
            );
        return new Endpoint(host, port);
    }

    public static Endpoint Of(EndPoint local) =>
        local is IPEndPoint ip
            ? new Endpoint(ip.Address.ToString(), ip.Port)
            : throw new ArgumentException($"{local} is not an IP endpoint.", nameof(local));

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Opens a listening socket there; port 0 takes any free one.</summary>
    public async Task<TcpListener> ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The addresses for all interfaces of this machine are not names, and refused as such.
            if (!IPAddress.TryParse(Host, out IPAddress? address))
                address = (await Dns.GetHostAddressesAsync(Host, cancellationToken))[0];
            TcpListener listener = new(address, Port);
            listener.Start(backlog: 512);
            return listener;
        }
        catch (SocketException e)
        {
            throw new SampleException($"cannot listen on {this}: {e.Message}", e);
        }
    }

    /// <summary>Connects to it.</summary>
    public async Task<NetworkStream> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Port == 0)
            throw new SampleException($"cannot connect to {this}: port 0 is not a port");

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Host, Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException)
                throw new SampleException($"cannot connect to {this}: {e.Message}", e);
            throw;
        }
    }
}
