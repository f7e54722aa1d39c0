using System.CommandLine;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SymRatchet.Keys;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Tool.Keys;

/// <summary>The options that say which store, the same for every command; and the opening of it.</summary>
internal sealed class StoreArguments
{
    private readonly Option<string?> _file;
    private readonly Option<string?> _database;
    private readonly Option<string> _schema;
    private readonly Option<ChannelRole?> _role;
    private readonly Option<string?> _ring;
    private readonly string _prefix;
    private readonly bool _hasRole;

    /// <summary>Initializes a new instance of the <see cref="StoreArguments"/> class.</summary>
    /// <param name="prefix">
    /// What their names begin with: <c>--</c>, or <c>--to-</c> for the target of a migration.
    /// </param>
    /// <param name="hasRole">Whether the command serves either role; otherwise it is a server's.</param>
    internal StoreArguments(string prefix = "--", bool hasRole = true)
    {
        _prefix = prefix;
        _hasRole = hasRole;
        _file = new($"{prefix}store")
        {
            Description = "The store's file: a SQLite store, or a client's key file.",
            HelpName = "FILE",
        };
        _database = new($"{prefix}postgres")
        {
            Description =
                "The store's PostgreSQL database. Others can see a command line: leave the password to PGPASSWORD or "
                + "PGPASSFILE.",
            HelpName = "CONNECTION",
        };
        _schema = new($"{prefix}schema")
        {
            Description = "The store's schema in that database.",
            HelpName = "NAME",
            DefaultValueFactory = _ => new PostgreSqlKeyStoreOptions().Schema,
        };
        _role = new($"{prefix}role")
        {
            Description = "Whose store it is. Default: Client for a key file, Server for any other store.",
        };
        _ring = new($"{prefix}ring")
        {
            Description =
                "The folder with the Data Protection key ring that wraps the store's keys. Default: keys are not "
                + "wrapped.",
            HelpName = "FOLDER",
        };
    }

    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_file, _database, _schema, .. _hasRole ? [_role] : (Option[])[], _ring])
            command.Options.Add(option);
    }

    /// <summary>Returns whether the command line names a store.</summary>
    internal bool IsGiven(ParseResult parsed) =>
        parsed.GetValue(_file) is not null || parsed.GetValue(_database) is not null;

    /// <summary>Returns the store's file; null if it is a database.</summary>
    internal string? FileIn(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>Opens the store that the command line names. The caller disposes what it gets.</summary>
    internal Task<OpenedStore> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        OpenAsync(parsed, create: false, asKeyFile: false, cancellationToken);

    /// <summary>
    /// The same, and makes the store where it is not there. A credential becomes a key file, which no other command
    /// does to it.
    /// </summary>
    internal Task<OpenedStore> CreateAsync(ParseResult parsed, bool asKeyFile, CancellationToken cancellationToken) =>
        OpenAsync(parsed, create: true, asKeyFile, cancellationToken);

    internal static ToolException HoldsOneClient(string file) =>
        new($"{file} is a key file, which holds one client: move its key with 'key export' and 'key import'");

    private Task<OpenedStore> OpenAsync(
        ParseResult parsed,
        bool create,
        bool asKeyFile,
        CancellationToken cancellationToken
    ) => OpenAsync(ToLocation(parsed), _prefix, _hasRole, create, asKeyFile, mayBeUnfinished: true, cancellationToken);

    /// <summary>Returns which store the command line names.</summary>
    internal StoreLocation ToLocation(ParseResult parsed) =>
        new(
            parsed.GetValue(_file),
            parsed.GetValue(_database),
            parsed.GetRequiredValue(_schema),
            _hasRole ? parsed.GetValue(_role) : ChannelRole.Server,
            parsed.GetValue(_ring)
        );

    /// <summary>Opens a store that exists. The caller disposes what it gets.</summary>
    internal static Task<OpenedStore> OpenAsync(StoreLocation location, CancellationToken cancellationToken) =>
        OpenAsync(
            location,
            "--",
            hasRole: true,
            create: false,
            asKeyFile: false,
            mayBeUnfinished: false,
            cancellationToken
        );

    private static async Task<OpenedStore> OpenAsync(
        StoreLocation location,
        string prefix,
        bool hasRole,
        bool create,
        bool asKeyFile,
        bool mayBeUnfinished,
        CancellationToken cancellationToken
    )
    {
        (string? file, string? database, string schema, ChannelRole? ownRole, string? ring) = location;
        if (file is null == database is null)
            throw new ToolException(
                $"name the store: {prefix}store FILE, or {prefix}postgres CONNECTION",
                ExitCode.Usage
            );

        if (file is null && asKeyFile)
            throw new ToolException($"--key-file makes a file: name it with {prefix}store FILE", ExitCode.Usage);
        bool isKeyFile = asKeyFile || (file is not null && IsKeyFile(file, create));
        ChannelRole role = ownRole ?? (isKeyFile ? ChannelRole.Client : ChannelRole.Server);
        if (file is not null && !create && !File.Exists(file))
            throw new ToolException(
                $"There is no key store {file}; make one with 'symratchet store init --store "
                    + $"{file}{(role == ChannelRole.Client ? " --role Client" : "")}'."
            );
        if (isKeyFile && ring is not null)
            throw new ToolException($"a key file does not wrap its keys: leave out {prefix}ring", ExitCode.Usage);
        try
        {
            if (isKeyFile)
                return await OpenKeyFileAsync(file!, role, create, cancellationToken);
            IKeyWrapper wrapper = ring is not null ? OpenRing(ring) : PlaintextKeyWrapper.Instance;
            return file is not null
                ? OpenFile(
                    file,
                    role,
                    new SqliteKeyStoreOptions
                    {
                        CreateIfMissing = create,
                        MayBeUnfinished = mayBeUnfinished,
                        Wrapper = wrapper,
                    }
                )
                : await OpenDatabaseAsync(
                    database!,
                    role,
                    new PostgreSqlKeyStoreOptions
                    {
                        Schema = schema,
                        MayBeUnfinished = mayBeUnfinished,
                        Wrapper = wrapper,
                    },
                    create,
                    cancellationToken
                );
        }
        catch (KeyStoreException e) when (e.IsWrongRole)
        {
            ChannelRole other = role == ChannelRole.Client ? ChannelRole.Server : ChannelRole.Client;
            throw new ToolException(hasRole ? $"{e.Message} ({prefix}role {other})" : e.Message);
        }
    }

    /// <summary>
    /// Refuses to copy a file into itself, and one that a program has open. Before either is opened: SQLite would
    /// give one file with two names two logs.
    /// </summary>
    internal void CheckCanBeCopied(ParseResult parsed, StoreArguments target)
    {
        if (parsed.GetValue(_file) is not { } file)
            return;
        if (IsKeyFile(file, mayBeCredential: false))
            throw HoldsOneClient(file);
        if (parsed.GetValue(target._file) is { } other && SameFile.Is(file, other))
            throw new ToolException($"{file} and {other} are one and the same store; nothing was changed");
        if (SqliteKeyStore.IsInUse(file))
            throw new ToolException($"{file} is in use: stop its servers, and run the command again");
    }

    /// <summary>Returns whether a file is a key file, or a credential that may become one.</summary>
    private static bool IsKeyFile(string file, bool mayBeCredential)
    {
        ReadOnlySpan<byte> head = KeyFileHead.ReadFrom(file);
        if (KeyFileHead.IsCredential(head) && !mayBeCredential)
            throw new ToolException(
                $"{file} is a credential that no program has opened yet, and is left as it is. Its client turns it into"
                    + $" its store at its first start, and so does 'symratchet store init --store {file}'"
            );
        return KeyFileHead.IsKeyFile(head) || KeyFileHead.IsCredential(head);
    }

    private static async Task<OpenedStore> OpenKeyFileAsync(
        string file,
        ChannelRole role,
        bool create,
        CancellationToken cancellationToken
    )
    {
        KeyFileOptions options = new() { CreateIfMissing = create };
        KeyFile opened = await KeyFile.OpenAsync(file, role, options, cancellationToken);
        return new OpenedStore(opened, file, unfinished: null, opened);
    }

    private static OpenedStore OpenFile(string file, ChannelRole role, SqliteKeyStoreOptions options)
    {
        SqliteKeyStore store = SqliteKeyStore.Open(file, role, options);
        return new OpenedStore(store, file, MarkIn(file), store);
    }

    private static async Task<OpenedStore> OpenDatabaseAsync(
        string database,
        ChannelRole role,
        PostgreSqlKeyStoreOptions options,
        bool create,
        CancellationToken cancellationToken
    )
    {
        NpgsqlDataSource source = NpgsqlDataSource.Create(database);
        try
        {
            PostgreSqlKeyStore store = create
                ? await PostgreSqlKeyStore.CreateAsync(source, role, options, cancellationToken)
                : await PostgreSqlKeyStore.OpenAsync(source, role, options, cancellationToken);
            return new OpenedStore(store, $"schema {options.Schema}", MarkIn(source, options.Schema), source);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static UnfinishedMark MarkIn(string file)
    {
        string connection = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString();
        return new UnfinishedMark(
            async cancellationToken =>
            {
                SqliteConnection opened = new(connection);
                await opened.OpenAsync(cancellationToken);
                return opened;
            },
            "INSERT OR REPLACE INTO store VALUES ('unfinished', 1)",
            "DELETE FROM store WHERE name = 'unfinished'",
            "SELECT count(*) FROM store WHERE name = 'unfinished'"
        );
    }

    private static UnfinishedMark MarkIn(NpgsqlDataSource source, string schema) =>
        new(
            async cancellationToken => await source.OpenConnectionAsync(cancellationToken),
            $"CREATE TABLE IF NOT EXISTS \"{schema}\".unfinished ()",
            $"DROP TABLE IF EXISTS \"{schema}\".unfinished",
            $"SELECT count(to_regclass('\"{schema}\".unfinished'))"
        );

    private static DataProtectionKeyWrapper OpenRing(string folder)
    {
        ServiceCollection services = new();
        services
            .AddDataProtection()
            .SetApplicationName(nameof(SymRatchet))
            .PersistKeysToFileSystem(new DirectoryInfo(folder));
        return new DataProtectionKeyWrapper(
            services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>()
        );
    }
}
