using System.CommandLine;

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
        Option<string?> store = SampleOptions.Store(
            "The client's key file: the credential that was carried to it (of 'symratchet key add --out' or "
                + "'symratchet keygen'), or made once from the key in --keys. It goes on from there at each start. (A "
                + "SQLite store is moved to one by 'symratchet key export' and 'key import'.) Default: the key is kept "
                + "in memory."
        );
        Option<string?> data = new("--data")
        {
            Description =
                "A CSV file with the client's measurements. Default: the weather of Seattle that comes with the "
                + "samples.",
            HelpName = "FILE",
        };
        Option<string?> column = new("--column")
        {
            Description =
                $"The column to send. Default: {CsvColumn.BundledColumn}, or the first column of numbers in a file "
                + "of your own.",
            HelpName = "NAME",
        };
        Option<int> rounds = SampleOptions.Count("--rounds", "How many rounds to do.", 3);
        Option<int> interval = SampleOptions.Count("--interval", "Milliseconds between two rounds.", 0, least: 0);
        Option<int> timeout = SampleOptions.Count(
            "--timeout",
            "Seconds to wait for the connection and for each answer.",
            30,
            most: 86_400
        );

        RootCommand command = new(
            "A field client: sends five measurements a round over a SymRatchet channel and shows the aggregate of "
                + "all clients."
        )
        {
            id,
            protocol,
            connect,
            keys,
            store,
            data,
            column,
            rounds,
            interval,
            timeout,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                if (!ClientId.TryParse(parsed.GetRequiredValue(id), out ClientId client))
                    throw new SampleException("the id begins with 0x, and no bytes in hexadecimal digits follow");
                ChannelProtocol spoken = parsed.GetValue(protocol);
                string? file = parsed.GetValue(store);
                using ClientKeys known = file is null
                    ? ClientKeys.Load(parsed.GetValue(keys), spoken)
                    : DurableKeys.Load(parsed.GetValue(keys), file, spoken);
                known.TryFind(client, out PreSharedKey? key);
                await using KeyFile? durable = file is null
                    ? null
                    : await OpenAsync(file, client, key, cancellationToken);

                FieldClient fieldClient = new()
                {
                    Server = parsed.GetRequiredValue(connect),
                    Channel = Options(client, key, known, durable, spoken),
                    Measurements = Measurements.Load(parsed.GetValue(data), parsed.GetValue(column), client.ToString()),
                    Rounds = parsed.GetValue(rounds),
                    Interval = TimeSpan.FromMilliseconds(parsed.GetValue(interval)),
                    Timeout = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                };
                return await fieldClient.RunAsync(cancellationToken);
            }
        );
        return command;
    }

    private static SecureChannelClientOptions Options(
        ClientId client,
        PreSharedKey? key,
        ClientKeys known,
        KeyFile? durable,
        ChannelProtocol protocol
    ) =>
        durable is not null
            ? new()
            {
                Protocol = protocol,
                Keys = durable,
                ClientId = client,
            }
        : key is not null ? new() { Protocol = protocol, Key = key }
        : throw new SampleException($"client '{client}' is not among {known.Source} ({Shown(known.Ids)})");

    /// <summary>Opens the key file, and makes it of the key where there is none.</summary>
    private static async Task<KeyFile> OpenAsync(
        string path,
        ClientId client,
        PreSharedKey? key,
        CancellationToken cancellationToken
    )
    {
        if (key is null && !File.Exists(path))
            throw new SampleException(
                $"there is no key file {path}: carry a credential there, or give the key of '{client}' once with --keys"
            );
        var file = await KeyFile.OpenAsync(
            path,
            options: new() { CreateIfMissing = key is not null },
            cancellationToken: cancellationToken
        );
        try
        {
            if (file.ClientId is null && key is not null)
                await file.AddAsync(key, cancellationToken: cancellationToken);
            return file.ClientId == client
                ? file
                : throw new SampleException($"{path} holds the key of {file.ClientId}, not of '{client}'");
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static string Shown(IReadOnlyCollection<ClientId> ids) =>
        string.Join(", ", ids.Take(8)) + (ids.Count > 8 ? $", ... {ids.Count} in all" : "");
}
