using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Reads the options of a server from the configuration. Whatever is wrong there is told with the name of its key.
/// </summary>
internal sealed class ConfigureServerOptions(IConfiguration configuration)
    : IConfigureOptions<SecureChannelServerOptions>
{
    private static readonly string[] Suites = [.. Enum.GetNames<CipherSuiteId>().Except([nameof(CipherSuiteId.None)])];

    public void Configure(SecureChannelServerOptions options)
    {
        KnownSection section = new(configuration.GetSection(SymRatchetServiceCollectionExtensions.Section));
        options.HandshakeTimeout = section.Read(nameof(options.HandshakeTimeout), options.HandshakeTimeout);
        options.KeepAliveInterval = section.Read(nameof(options.KeepAliveInterval), options.KeepAliveInterval);
        options.KeepAliveTimeout = section.Read(nameof(options.KeepAliveTimeout), options.KeepAliveTimeout);
        options.MaxRecordSize = section.Read(nameof(options.MaxRecordSize), options.MaxRecordSize);
        options.PaddingBlock = section.Read(nameof(options.PaddingBlock), options.PaddingBlock);
        options.EpochLimit = section.Read(nameof(options.EpochLimit), options.EpochLimit);
        options.HashIdsInLogs = section.Read(nameof(options.HashIdsInLogs), options.HashIdsInLogs);
        IConfigurationSection suites = section.GetParent(nameof(options.Suites), "it is a list");
        if (suites.Exists())
            options.Suites = [.. suites.GetChildren().Select(Suite)];
        IConfigurationSection limits = section.GetParent(
            nameof(options.HandshakeLimiter),
            "it has settings of its own"
        );
        if (limits.Exists())
        {
            KnownSection limiter = new(limits);
            HandshakeLimiter defaults = new();
            options.HandshakeLimiter = new HandshakeLimiter
            {
                MaxPending = limiter.Read(nameof(defaults.MaxPending), defaults.MaxPending),
                MaxPendingPerAddress = limiter.Read(
                    nameof(defaults.MaxPendingPerAddress),
                    defaults.MaxPendingPerAddress
                ),
                MaxPendingPerId = limiter.Read(nameof(defaults.MaxPendingPerId), defaults.MaxPendingPerId),
            };
            limiter.RefuseOthers();
        }

        section.RefuseOthers();
    }

    private static CipherSuiteId Suite(IConfigurationSection entry)
    {
        RefuseNested(entry);
        // what Enum.Parse takes beyond names, such as a list, is no suite
        return Suites.Contains(entry.Value, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<CipherSuiteId>(entry.Value!, ignoreCase: true)
            : throw Invalid(entry, $"is no suite; there are {string.Join(", ", Suites)}");
    }

    private static void RefuseNested(IConfigurationSection entry)
    {
        if (entry.GetChildren().FirstOrDefault() is { } nested)
            throw Invalid($"{nested.Path} is not a setting; {entry.Path} is one value.");
    }

    private static OptionsValidationException Invalid(IConfigurationSection entry, string complaint) =>
        Invalid($"{entry.Path}: '{entry.Value}' {complaint}.");

    private static OptionsValidationException Invalid(string complaint) =>
        new(Options.DefaultName, typeof(SecureChannelServerOptions), [complaint]);

    /// <summary>A section that knows its keys: those that were asked for.</summary>
    private sealed class KnownSection(IConfigurationSection section)
    {
        private readonly SortedSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

        internal IConfigurationSection GetParent(string name, string complaint)
        {
            IConfigurationSection entry = Get(name);
            return string.IsNullOrEmpty(entry.Value) // which an empty list is
                ? entry
                : throw Invalid(entry, $"is not what it takes; {complaint}");
        }

        private IConfigurationSection Get(string name)
        {
            _known.Add(name);
            return section.GetSection(name);
        }

        internal T Read<T>(string name, T otherwise)
            where T : IParsable<T>
        {
            IConfigurationSection entry = Get(name);
            RefuseNested(entry);
            if (entry.Value is not { } text)
                return otherwise;
            return T.TryParse(text, CultureInfo.InvariantCulture, out T? value)
                ? value
                : throw Invalid(entry, $"is no {typeof(T).Name}");
        }

        /// <summary>A key that nobody asked for is misspelt: the server would run without what it was to say.</summary>
        internal void RefuseOthers()
        {
            if (section.GetChildren().FirstOrDefault(entry => !_known.Contains(entry.Key)) is { } unknown)
                throw Invalid($"{unknown.Path} is not a setting; there are {string.Join(", ", _known)}.");
        }
    }
}
