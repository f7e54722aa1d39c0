using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Tool.Channels;

/// <summary>Where a channel goes or comes from: <c>HOST:PORT</c>, <c>[IPV6]:PORT</c> or <c>unix:PATH</c>.</summary>
internal sealed record ChannelAddress(string Text, EndPoint EndPoint)
{
    private const string Unix = "unix:";

    /// <summary>The argument of a command that connects.</summary>
    internal static Argument<ChannelAddress> Argument(string description) =>
        new("ADDRESS") { Description = description, CustomParser = result => Parse(result, leastPort: 1) };

    /// <summary>The same, of a command that does other things too.</summary>
    internal static Argument<ChannelAddress?> OptionalArgument(string description) =>
        new("ADDRESS")
        {
            Description = description,
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => result.Tokens.Count == 0 ? null : Parse(result, leastPort: 1),
        };

    /// <summary>An option with an address to connect to, or to listen on, where port 0 is any free one.</summary>
    internal static Option<ChannelAddress?> Option(string name, string description, bool listens = false) =>
        new(name)
        {
            Description = description,
            HelpName = "ADDRESS",
            CustomParser = result => Parse(result, leastPort: listens ? 0 : 1),
        };

    /// <exception cref="FormatException">It is not an address.</exception>
    internal static ChannelAddress Parse(string text, int leastPort = 0)
    {
        if (text.StartsWith(Unix, StringComparison.Ordinal))
            return new ChannelAddress(text, ParsePath(text, text[Unix.Length..]));
        int colon = text.LastIndexOf(':');
        if (
            colon <= 0
            || !ushort.TryParse(
                text.AsSpan(colon + 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out ushort port
            )
            || port < leastPort
        )
            throw new FormatException(
                $"'{text}' is not an address: it looks like server.example:9999, [::1]:9999 or unix:/run/server.sock"
            );
        string host = text[..colon];
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        if (IPAddress.TryParse(isBracketed ? host[1..^1] : host, out IPAddress? address))
        {
            if (isBracketed == (address.AddressFamily == AddressFamily.InterNetworkV6))
                return new ChannelAddress(text, new IPEndPoint(address, port));
            throw new FormatException($"'{text}' is not an address: brackets are for IPv6 addresses, as in [::1]:9999");
        }

        if (host.AsSpan().ContainsAny("[]:/ "))
            throw new FormatException($"'{text}' is not an address: '{host}' is not a name");
        return new ChannelAddress(text, new DnsEndPoint(host, port));
    }

    /// <summary>The address to listen on: a name is looked up.</summary>
    internal async Task<EndPoint> ToLocalAsync(CancellationToken cancellationToken) =>
        EndPoint is DnsEndPoint name
            ? new IPEndPoint((await Dns.GetHostAddressesAsync(name.Host, cancellationToken))[0], name.Port)
            : EndPoint;

    private static ChannelAddress? Parse(ArgumentResult result, int leastPort)
    {
        try
        {
            return Parse(result.Tokens[0].Value, leastPort);
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
            return null;
        }
    }

    private static UnixDomainSocketEndPoint ParsePath(string text, string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw new FormatException($"'{text}' is not an address: the path of a socket has 1 to 107 bytes");
        }
    }
}
