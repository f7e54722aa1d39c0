using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Tunnel.Tests;

public sealed class EndPointTests
{
    [Theory]
    [InlineData("127.0.0.1:6379", "127.0.0.1:6379")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("[0:0:0:0:0:0:0:1]:80", "[::1]:80")]
    [InlineData("gateway.example:9999", "gateway.example:9999")]
    [InlineData("localhost:1", "localhost:1")]
    [InlineData("3com.example:1", "3com.example:1")]
    [InlineData("unix:/run/app.sock", "unix:/run/app.sock")]
    [InlineData("unix:relative", "unix:relative")]
    [InlineData("UNIX:/run/a:b", "unix:/run/a:b")]
    public void End_points_are_read_and_written(string text, string expected)
    {
        var endPoint = TunnelEndPoint.Parse(text);

        Assert.Equal(expected, endPoint.ToString());
        Assert.Equal(endPoint, TunnelEndPoint.Parse(expected));
        Assert.Equal(endPoint, TunnelEndPoint.From(endPoint.ToEndPoint()));
    }

    [Theory]
    [InlineData("", "host:port")]
    [InlineData("6379", "host:port")]
    [InlineData("[::1]", "host:port")]
    [InlineData("host:", "port")]
    [InlineData("host:65536", "port")]
    [InlineData("host:-1", "port")]
    [InlineData("host:1x", "port")]
    [InlineData(":80", "host is missing")]
    [InlineData("::1:80", "brackets")]
    [InlineData("[127.0.0.1]:80", "only an IPv6 address")]
    [InlineData("127.1:80", "neither an address nor a name")]
    [InlineData("0x7f000001:80", "neither an address nor a name")]
    [InlineData("256.0.0.1:80", "neither an address nor a name")]
    [InlineData("a b:80", "neither an address nor a name")]
    [InlineData("unix:", "path")]
    public void What_is_no_end_point_is_refused_with_the_reason(string text, string reason)
    {
        FormatException e = Assert.Throws<FormatException>(() => TunnelEndPoint.Parse(text));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.False(TunnelEndPoint.TryParse(text, out _));
    }

    [Fact]
    public void A_path_that_no_socket_can_have_is_refused()
    {
        Assert.True(TunnelEndPoint.TryParse("unix:/" + new string('a', 106), out _));
        Assert.False(TunnelEndPoint.TryParse("unix:/" + new string('a', 107), out _));
        Assert.False(TunnelEndPoint.TryParse(null, out _));
    }

    [Fact]
    public void Each_kind_becomes_the_socket_s_end_point()
    {
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 80), TunnelEndPoint.Parse("[::1]:80").ToEndPoint());
        Assert.Equal(new DnsEndPoint("name", 80), TunnelEndPoint.Parse("name:80").ToEndPoint());
        Assert.IsType<UnixDomainSocketEndPoint>(TunnelEndPoint.Parse("unix:/a").ToEndPoint());
    }
}
