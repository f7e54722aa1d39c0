using System.CommandLine;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Samples.Client;

/// <summary>The client's command line.</summary>
internal static class ClientCommand
{
    internal static RootCommand Create()
    {
        Argument<string> id = new("ID") { Description = "The client's id." };
        Option<ChannelProtocol> protocol = SampleOptions.Protocol();
        Option<Endpoint> connect = SampleOptions.EndpointOption("--connect", "Where the server listens.");
        Option<string?> keys = SampleOptions.Keys();
        Option<string?> store = SampleOptions.Store();
        Option<string?> data = new("--data")
        {
            Description = "A CSV file with the client's measurements. Default: the weather of Seattle that comes with the samples.",
            HelpName = "FILE",
        };
        Option<string?> column = new("--column")
        {
            Description = $"The column to send. Default: {CsvColumn.BundledColumn}, or the first column of numbers in a file of your own.",
            HelpName = "NAME",
        };
        Option<int> rounds = SampleOptions.Count("--rounds", "How many rounds to do.", 3);
        Option<int> interval = SampleOptions.Count("--interval", "Milliseconds between two rounds.", 0, least: 0);
        Option<int> timeout = SampleOptions.Count("--timeout", "Seconds to wait for the connection and for each answer.", 30, most: 86_400);

        RootCommand command = new("A field client: sends five measurements a round over a SymRatchet channel and shows the aggregate of all clients.")
        {
            id, protocol, connect, keys, store, data, column, rounds, interval, timeout,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!ClientId.TryParse(parsed.GetRequiredValue(id), out ClientId client))
                throw new SampleException("the id begins with 0x, and no bytes in hexadecimal digits follow");
            ChannelProtocol spoken = parsed.GetValue(protocol);
            string? file = parsed.GetValue(store);
            using ClientKeys known = file is null ? ClientKeys.Load(parsed.GetValue(keys), spoken) : DurableKeys.Load(parsed.GetValue(keys), file, spoken);
            await using SqliteKeyStore? durable = file is null ? null : await DurableKeys.OpenAsync(file, ChannelRole.Client, known, [client], cancellationToken);

            FieldClient fieldClient = new()
            {
                Server = parsed.GetRequiredValue(connect),
                Channel = durable is null ? InMemory(client, known, spoken) : await DurableAsync(client, durable, file!, spoken, cancellationToken),
                Measurements = Measurements.Load(parsed.GetValue(data), parsed.GetValue(column), client.ToString()),
                Rounds = parsed.GetValue(rounds),
                Interval = TimeSpan.FromMilliseconds(parsed.GetValue(interval)),
                Patience = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            };
            return await fieldClient.RunAsync(cancellationToken);
        });
        return command;
    }

    private static SecureChannelClientOptions InMemory(ClientId client, ClientKeys known, ChannelProtocol protocol) =>
        known.TryFind(client, out PreSharedKey? key)
            ? new SecureChannelClientOptions { Protocol = protocol, Key = key }
            : throw new SampleException($"client '{client}' is not among {known.Source} ({Shown(known.Ids)})");

    private static async Task<SecureChannelClientOptions> DurableAsync(
        ClientId client, SqliteKeyStore store, string file, ChannelProtocol protocol, CancellationToken cancellationToken)
    {
        using StoredKey? key = await store.FindAsync(client, cancellationToken);
        return key is not null
            ? new SecureChannelClientOptions { Protocol = protocol, Keys = store, ClientId = client }
            : throw new SampleException($"client '{client}' has no key in {file}; give it once with --keys");
    }

    private static string Shown(IReadOnlyCollection<ClientId> ids) =>
        string.Join(", ", ids.Take(8)) + (ids.Count > 8 ? $", ... {ids.Count} in all" : "");
}
