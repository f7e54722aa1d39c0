using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Channels;

/// <summary>Where a channel goes or comes from, as an argument or an option of a command.</summary>
internal static class EndPointArguments
{
    /// <summary>The argument of a command that connects.</summary>
    internal static Argument<TunnelEndPoint> Required(string description) =>
        new("ADDRESS") { Description = description, CustomParser = result => Parse(result, leastPort: 1) };

    /// <summary>The same, of a command that does other things too.</summary>
    internal static Argument<TunnelEndPoint?> Optional(string description) =>
        new("ADDRESS")
        {
            Description = description,
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => result.Tokens.Count == 0 ? null : Parse(result, leastPort: 1),
        };

    /// <summary>An option with an address to connect to, or to listen on, where port 0 is any free one.</summary>
    internal static Option<TunnelEndPoint?> Option(string name, string description, bool listens = false) =>
        new(name)
        {
            Description = description,
            HelpName = "ADDRESS",
            CustomParser = result => Parse(result, leastPort: listens ? 0 : 1),
        };

    /// <summary>The end point to listen on: a name is looked up.</summary>
    internal static async Task<EndPoint> ToLocalAsync(
        this TunnelEndPoint address,
        CancellationToken cancellationToken
    ) =>
        address.ToEndPoint() is DnsEndPoint name
            ? new IPEndPoint((await Dns.GetHostAddressesAsync(name.Host, cancellationToken))[0], name.Port)
            : address.ToEndPoint();

    private static TunnelEndPoint? Parse(ArgumentResult result, int leastPort)
    {
        try
        {
            var address = TunnelEndPoint.Parse(result.Tokens[0].Value);
            if (address.IsUnix || address.Port >= leastPort)
                return address;
            result.AddError($"'{address}' is not an end point: nobody listens on port 0.");
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
        }

        return null;
    }
}
