using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Nerdbank.Streams;

namespace SymRatchet.Benchmarks;

/// <summary>
/// A message there and back in memory, with no socket in between: what the layers cost by themselves, beside .NET's TLS
/// in the same place.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByParams)]
public class RoundTripBenchmarks
{
    private Stream _tlsClient = null!;
    private Stream _tlsServer = null!;
    private Stream _client = null!;
    private Stream _server = null!;
    private byte[] _message = null!;

    [Params(64, 16384)]
    public int Size { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _message = new byte[Size];
        (_client, _server) = await ChannelAsync();
        (_tlsClient, _tlsServer) = await TlsAsync();
    }

    [Benchmark(Baseline = true)]
    public Task SslStream() => RoundTripAsync(_tlsClient, _tlsServer);

    [Benchmark]
    public Task Channel() => RoundTripAsync(_client, _server);

    private async Task RoundTripAsync(Stream client, Stream server)
    {
        await client.WriteAsync(_message);
        await server.ReadExactlyAsync(_message);
        await server.WriteAsync(_message);
        await client.ReadExactlyAsync(_message);
    }

    private static async Task<(Stream Client, Stream Server)> ChannelAsync()
    {
        (MemoryWire clientEnd, MemoryWire serverEnd) = MemoryWire.CreatePair();
        var key = PreSharedKey.Generate("benchmark");
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        ValueTask<ISecureChannel> accepting = SecureChannel.AcceptAsync(
            serverEnd,
            new SecureChannelServerOptions { Keys = keys }
        );
        ISecureChannel client = await SecureChannel.ConnectAsync(
            clientEnd,
            new SecureChannelClientOptions { Key = key }
        );
        return (client.AsStream(), (await accepting).AsStream());
    }

    private static async Task<(Stream Client, Stream Server)> TlsAsync()
    {
        (MemoryWire clientEnd, MemoryWire serverEnd) = MemoryWire.CreatePair();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        X509Certificate2 certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        SslStream client = new(
            clientEnd.AsStream(),
            leaveInnerStreamOpen: false,
            (_, shown, _, _) => shown?.GetRawCertData().AsSpan().SequenceEqual(certificate.RawData) ?? false
        );
        SslStream server = new(serverEnd.AsStream());
        await Task.WhenAll(
            client.AuthenticateAsClientAsync("localhost"),
            server.AuthenticateAsServerAsync(certificate)
        );
        return (client, server);
    }
}
