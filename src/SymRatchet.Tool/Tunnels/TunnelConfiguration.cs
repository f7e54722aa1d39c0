using System.Globalization;
using Microsoft.Extensions.Configuration;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>
/// Reads <see cref="TunnelSettings"/> from a configuration. The names are those of the command line's options; with or
/// without hyphens, in upper or lower case. Times are <c>500ms</c>, <c>10s</c>, <c>5m</c> or <c>00:00:10</c>.
/// </summary>
internal static class TunnelConfiguration
{
    private static readonly string[] Times =
    [
        nameof(TunnelOptions.DrainTimeout),
        nameof(TunnelServerOptions.TargetTimeout),
        nameof(TunnelClientOptions.ConnectTimeout),
        nameof(SecureChannelOptions.HandshakeTimeout),
        nameof(SecureChannelOptions.KeepAliveInterval),
        nameof(SecureChannelOptions.KeepAliveTimeout),
    ];

    private static readonly string[] StoreNames = ["Store", "Postgres", "Schema", "Ring"];
    private static readonly string[] KeyNames = ["Key"];

    /// <summary>Reads a file.</summary>
    /// <exception cref="ToolException">The file, or what it says, is not a configuration of tunnels.</exception>
    internal static TunnelSettings ReadFile(string file)
    {
        string path = Path.GetFullPath(file);
        if (!File.Exists(path))
            throw new ToolException($"there is no configuration {file}");
        IConfigurationRoot configuration;
        try
        {
            configuration = new ConfigurationBuilder()
                .AddJsonFile(path, optional: false, reloadOnChange: false)
                .Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new ToolException($"{file} is not JSON: {e.InnerException?.Message ?? e.Message}");
        }

        try
        {
            return Read(configuration);
        }
        catch (ToolException e)
        {
            throw new ToolException($"{file}: {e.Message}");
        }
    }

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="ToolException">A name or a value in it is wrong.</exception>
    internal static TunnelSettings Read(IConfiguration configuration)
    {
        IConfigurationRoot normalized = Normalize(configuration);
        foreach (IConfigurationSection section in normalized.GetChildren())
        {
            if (
                section.Key.ToUpperInvariant()
                is not ("SERVERS" or "CLIENTS" or "REVERSESERVERS" or "REVERSECLIENTS" or "METRICS" or "LOGGING")
            )
                throw new ToolException(
                    $"'{section.Key}' is none of servers, clients, reverse-servers, reverse-clients, metrics and "
                        + "logging"
                );
        }

        TunnelSettings settings = new(
            All("Servers", ToServer),
            All("Clients", ToClient),
            All("ReverseServers", ToReverseServer),
            All("ReverseClients", ToReverseClient),
            ToMetrics(normalized["Metrics"])
        );
        if (!settings.All.Any())
            throw new ToolException("there is no tunnel in it: neither servers nor clients");
        CheckListen([.. settings.All.Where(options => options.Listen is not null)]);
        return settings;

        T[] All<T>(string name, Func<IConfigurationSection, T> read) =>
            [.. normalized.GetSection(name).GetChildren().Select(section => Named(section, read))];
    }

    /// <summary>Parses a port, for loopback, or an end point.</summary>
    internal static TunnelEndPoint? ToMetrics(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        string full = text.All(char.IsAsciiDigit) ? "127.0.0.1:" + text : text;
        try
        {
            TunnelEndPoint endPoint = TunnelEndPoint.Parse(full);
            return endPoint.IsUnix
                ? throw new ToolException("metrics are served on a port, not on a Unix socket")
                : endPoint;
        }
        catch (FormatException e)
        {
            throw new ToolException($"metrics: {e.Message}");
        }
    }

    private static ServerSettings<TunnelServerOptions> ToServer(IConfigurationSection section)
    {
        TunnelServerOptions options = new();
        Bind(section, StoreNames, options.Channel, (own, binder) => own.Bind(options, binder));
        StoreLocation store = ToStore(section);
        Validate(() =>
            new TunnelServerOptions(options) { Channel = new(options.Channel) { Keys = NoKeys } }.Validate()
        );
        return new ServerSettings<TunnelServerOptions>(options, store);
    }

    private static ServerSettings<ReverseTunnelServerOptions> ToReverseServer(IConfigurationSection section)
    {
        ReverseTunnelServerOptions options = new();
        Bind(section, StoreNames, options.Channel, (own, binder) => own.Bind(options, binder));
        StoreLocation store = ToStore(section);
        Validate(() =>
            new ReverseTunnelServerOptions(options) { Channel = new(options.Channel) { Keys = NoKeys } }.Validate()
        );
        return new ServerSettings<ReverseTunnelServerOptions>(options, store);
    }

    private static StoreLocation ToStore(IConfigurationSection section)
    {
        if (section["Store"] is null == section["Postgres"] is null)
            throw new ToolException("name the key store: either store FILE or postgres CONNECTION");
        return new StoreLocation(
            section["Store"],
            section["Postgres"],
            section["Schema"] ?? new PostgreSqlKeyStoreOptions().Schema,
            ChannelRole.Server,
            section["Ring"]
        );
    }

    private static ClientSettings<TunnelClientOptions> ToClient(IConfigurationSection section)
    {
        TunnelClientOptions options = new();
        Bind(section, KeyNames, options.Channel, (own, binder) => own.Bind(options, binder));
        string key = ToKey(section);
        Validate(() => new TunnelClientOptions(options) { Channel = new(options.Channel) { Key = NoKey } }.Validate());
        return new ClientSettings<TunnelClientOptions>(options, key);
    }

    private static ClientSettings<ReverseTunnelClientOptions> ToReverseClient(IConfigurationSection section)
    {
        ReverseTunnelClientOptions options = new();
        Bind(section, KeyNames, options.Channel, (own, binder) => own.Bind(options, binder));
        string key = ToKey(section);
        Validate(() =>
            new ReverseTunnelClientOptions(options) { Channel = new(options.Channel) { Key = NoKey } }.Validate()
        );
        return new ClientSettings<ReverseTunnelClientOptions>(options, key);
    }

    private static string ToKey(IConfigurationSection section) =>
        section["Key"] ?? throw new ToolException("name the key file of the client: key FILE");

    private static T Named<T>(IConfigurationSection section, Func<IConfigurationSection, T> read)
    {
        try
        {
            return read(section);
        }
        catch (ToolException e)
        {
            string name = section["Name"] ?? section["Listen"] ?? section["Connect"] ?? $"number {section.Key}";
            throw new ToolException($"tunnel {name}: {e.Message}");
        }
    }

    /// <summary>Sets options from a section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="others">Its names that are not the library's, taken out so that any other is an error.</param>
    /// <param name="channel">The options of the channel in them, which have a section of their own.</param>
    /// <param name="bind">
    /// Binds the rest. The call names the options' type, so that its code is generated and needs no reflection.
    /// </param>
    private static void Bind(
        IConfigurationSection section,
        string[] others,
        SecureChannelOptions channel,
        Action<IConfiguration, Action<BinderOptions>> bind
    )
    {
        ConfigurationBuilder own = new();
        own.AddInMemoryCollection(
            section
                .AsEnumerable(makePathsRelative: true)
                .Where(pair =>
                    !others.Contains(pair.Key, StringComparer.OrdinalIgnoreCase)
                    && !IsWithin(pair.Key, nameof(TunnelServerOptions.Channel))
                )
        );
        try
        {
            bind(own.Build(), binder => binder.ErrorOnUnknownConfiguration = true);
            ChannelSettings.Read(section.GetSection(nameof(TunnelServerOptions.Channel))).ApplyTo(channel);
        }
        catch (InvalidOperationException e)
        {
            throw new ToolException(e.Message);
        }
    }

    private static bool IsWithin(string path, string section) =>
        path.Equals(section, StringComparison.OrdinalIgnoreCase)
        || path.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase);

    private static void Validate(Action validate)
    {
        try
        {
            validate();
        }
        catch (ArgumentException e)
        {
            throw new ToolException(e.Message);
        }
    }

    // Two tunnels cannot listen on one end point, and a reload tells them apart by it.
    private static void CheckListen(TunnelOptions[] all)
    {
        HashSet<TunnelEndPoint> known = [];
        foreach (TunnelOptions options in all)
        {
            var listen = TunnelEndPoint.Parse(options.Listen!);
            if (!known.Add(listen) && listen.Port != 0)
                throw new ToolException($"two tunnels listen on {listen}");
        }
    }

    private static IConfigurationRoot Normalize(IConfiguration configuration)
    {
        Dictionary<string, string?> values = [];
        foreach ((string path, string? value) in configuration.AsEnumerable())
        {
            if (value is null)
                continue;
            string name = path.Replace("-", "", StringComparison.Ordinal);
            string last = name[(name.LastIndexOf(':') + 1)..];
            values[name] = Times.Contains(last, StringComparer.OrdinalIgnoreCase) ? ToTime(path, value) : value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    private static string ToTime(string name, string text)
    {
        if (TryParseTime(text, out TimeSpan time))
            return time.ToString("c", CultureInfo.InvariantCulture);
        throw new ToolException($"{name} is '{text}'; a time is 500ms, 10s, 5m, 1h or 00:00:10");
    }

    private static bool TryParseTime(string text, out TimeSpan time)
    {
        // A number alone would be days to the platform, and seconds to most people.
        (string suffix, double seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string suffix, double seconds) in units)
        {
            if (
                text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(
                    text[..^suffix.Length],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double count
                )
                && count * seconds <= TimeSpan.FromDays(1).TotalSeconds
            )
            {
                time = TimeSpan.FromSeconds(count * seconds);
                return true;
            }
        }

        time = default;
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    // Stand in for the keys, which are opened later, when the options are checked.
    private static readonly InMemoryKeyStore NoKeys = new(ChannelRole.Server);
    private static readonly PreSharedKey NoKey = PreSharedKey.Generate("client");
}
