using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using SymRatchet;
using SymRatchet.Aggregation;
using SymRatchet.AspNetCore;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

// The packages around the library, each at its work, in one program of a consumer; PostgreSQL, which needs a database,
// as far as its options.
DataProtectionKeyWrapper wrapper = new(DataProtectionProvider.Create(new DirectoryInfo("ring")));
PostgreSqlKeyStoreOptions shared = new() { Wrapper = wrapper };
await using SqliteKeyStore keys = SqliteKeyStore.Open(
    "wrapped.keys",
    ChannelRole.Server,
    new SqliteKeyStoreOptions { Wrapper = wrapper }
);
using PreSharedKey key = PreSharedKey.Generate("sensor-17");
await keys.AddAsync(key);

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.AddSymRatchet(options => options.Keys = keys);
builder.Services.AddAuthentication().AddSymRatchet();
builder.Services.AddAuthorization();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseSymRatchet()));
builder.WebHost.UseUrls();
await using WebApplication app = builder.Build();
app.MapGet("/", (HttpContext context) => $"{context.User.Identity?.Name} over {context.GetSymRatchetPeer()?.Suite}")
    .RequireAuthorization();
await app.StartAsync();

using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = key });
using HttpClient http = new(handler);
Console.WriteLine(await http.GetStringAsync(app.Urls.First()));

using AggregationServer rounds = new(
    new AggregationServerOptions { Rounds = new RoundOptions { Aggregator = BuiltInAggregators.Find("median") } }
);
Pipe forth = new(),
    back = new();
Task<ISecureChannel> accepting = SecureChannel
    .AcceptAsync(new Duplex(forth.Reader, back.Writer), new SecureChannelServerOptions { Keys = keys })
    .AsTask();
await using ISecureChannel client = await SecureChannel.ConnectAsync(
    new Duplex(back.Reader, forth.Writer),
    new SecureChannelClientOptions { Key = key }
);
Task serving = rounds.ServeAsync(await accepting);
await client.SendAsync(ContributionText.Format([9.4, 8.9, 8.3]));
ArrayBufferWriter<byte> answer = new();
await client.ReceiveAsync(answer);
Console.WriteLine(Encoding.ASCII.GetString(answer.WrittenSpan));
await client.CloseAsync();
await serving;
Console.WriteLine(shared.Schema.Length > 0 ? "PostgreSQL's options are there" : "");

sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
