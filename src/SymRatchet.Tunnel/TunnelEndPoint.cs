using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SymRatchet.Tunnel;

/// <summary>
/// Represents where a tunnel listens or connects: <c>host:port</c>, with an IPv4 address, an IPv6 address in brackets
/// or a name, or <c>unix:/path</c>.
/// </summary>
/// <remarks>Immutable.</remarks>
public sealed class TunnelEndPoint : IEquatable<TunnelEndPoint>, IParsable<TunnelEndPoint>
{
    private const string UnixPrefix = "unix:";
    private const int MaxUnixPath = 107; // sun_path of Linux, without the final zero

    private readonly string _host;
    private readonly int _port;

    private TunnelEndPoint(string host, int port) => (_host, _port) = (host, port);

    private TunnelEndPoint(string path) => (_host, _port, Path) = ("", 0, path);

    /// <summary>Gets the address or name; null for a Unix socket.</summary>
    public string? Host => IsUnix ? null : _host;

    /// <summary>Gets the port; 0 for a Unix socket, or to let the system choose one to listen on.</summary>
    public int Port => _port;

    /// <summary>Gets the path of the Unix socket; null if it is not one.</summary>
    public string? Path { get; }

    /// <summary>Gets whether this is a Unix socket.</summary>
    [MemberNotNullWhen(true, nameof(Path))]
    public bool IsUnix => Path is not null;

    /// <summary>Parses an end point.</summary>
    /// <param name="text">The text, such as <c>127.0.0.1:6379</c>, <c>[::1]:6379</c> or <c>unix:/run/app</c>.</param>
    /// <returns>The end point.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException">The text is not an end point; the message says why.</exception>
    public static TunnelEndPoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string? reason = TryParseCore(text, out TunnelEndPoint? endPoint);
        return endPoint ?? throw new FormatException($"'{text}' is not an end point: {reason}.");
    }

    /// <summary>Tries to parse an end point.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endPoint">The end point; null if this returns false.</param>
    /// <returns>True if the text is an end point; otherwise, false.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out TunnelEndPoint? endPoint)
    {
        endPoint = null;
        return text is not null && TryParseCore(text, out endPoint) is null;
    }

    /// <summary>Converts a socket's end point.</summary>
    /// <param name="endPoint">
    /// An <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> or a <see cref="UnixDomainSocketEndPoint"/>.
    /// </param>
    /// <returns>The end point.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="endPoint"/> is null.</exception>
    /// <exception cref="ArgumentException">It is of another kind.</exception>
    public static TunnelEndPoint From(EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return endPoint switch
        {
            IPEndPoint ip => new TunnelEndPoint(ip.Address.ToString(), ip.Port),
            DnsEndPoint name => new TunnelEndPoint(name.Host, name.Port),
            UnixDomainSocketEndPoint unix => new TunnelEndPoint(unix.ToString()),
            _ => throw new ArgumentException($"{endPoint} is neither an IP end point, a name nor a Unix socket."),
        };
    }

    /// <inheritdoc/>
    static TunnelEndPoint IParsable<TunnelEndPoint>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool IParsable<TunnelEndPoint>.TryParse(
        string? s,
        IFormatProvider? provider,
        [MaybeNullWhen(false)] out TunnelEndPoint result
    ) => TryParse(s, out result);

    /// <summary>Returns the end point for a socket.</summary>
    /// <returns>
    /// An <see cref="IPEndPoint"/>, a <see cref="UnixDomainSocketEndPoint"/>, or a <see cref="DnsEndPoint"/> for a
    /// name.
    /// </returns>
    public EndPoint ToEndPoint() =>
        IsUnix ? new UnixDomainSocketEndPoint(Path)
        : IPAddress.TryParse(_host, out IPAddress? address) ? new IPEndPoint(address, _port)
        : new DnsEndPoint(_host, _port);

    /// <summary>Returns the text form, which <see cref="Parse"/> reads back.</summary>
    public override string ToString() =>
        IsUnix ? UnixPrefix + Path
        : _host.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{_host}]:{_port}")
        : string.Create(CultureInfo.InvariantCulture, $"{_host}:{_port}");

    /// <summary>Returns whether both name the same host and port, or the same path.</summary>
    /// <param name="other">The other end point.</param>
    public bool Equals(TunnelEndPoint? other) =>
        other is not null
        && _port == other._port
        && Path == other.Path
        && string.Equals(_host, other._host, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TunnelEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(_port, Path, StringComparer.OrdinalIgnoreCase.GetHashCode(_host));

    // Returns why it is not an end point; null if it is one.
    private static string? TryParseCore(string text, out TunnelEndPoint? endPoint)
    {
        endPoint = null;
        if (text.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase))
        {
            string path = text[UnixPrefix.Length..];
            if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
                return "a path must follow unix:";
            if (Encoding.UTF8.GetByteCount(path) > MaxUnixPath)
                return $"the path of a Unix socket is at most {MaxUnixPath} bytes long";
            endPoint = new TunnelEndPoint(path);
            return null;
        }

        int colon = text.LastIndexOf(':');
        if (colon < 0 || colon < text.LastIndexOf(']'))
            return "it is written host:port or unix:/path";
        if (!TryParsePort(text.AsSpan(colon + 1), out int port))
            return "the port after the last colon is a number from 0 to 65535";
        string host = text[..colon];
        if (host.Length == 0)
            return "the host is missing; 0.0.0.0 and [::] are all addresses of this machine";
        if (host is ['[', .. string inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out IPAddress? v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
                return "only an IPv6 address stands in brackets";
            endPoint = new TunnelEndPoint(v6.ToString(), port);
            return null;
        }

        if (host.Contains(':', StringComparison.Ordinal))
            return "an IPv6 address stands in brackets, as in [::1]:80";
        if (!IsHost(host))
            return "the host is neither an address nor a name";
        endPoint = new TunnelEndPoint(host, port);
        return null;
    }

    private static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;

    // Four decimal numbers, or a name: what else the platform takes for an address, such as 127.1 or 0x7f000001, is
    // more likely a mistake.
    private static bool IsHost(string host) =>
        Uri.CheckHostName(host) switch
        {
            UriHostNameType.IPv4 => IPAddress.TryParse(host, out IPAddress? v4) && v4.ToString() == host,
            UriHostNameType.Dns => host.AsSpan(host.LastIndexOf('.') + 1).ContainsAnyExceptInRange('0', '9'),
            _ => false,
        };
}
