using System.CommandLine;
using SymRatchet.Keys;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Channels;

/// <summary>
/// The options of a command that connects as a client: with which key, and how long it waits; and the connecting.
/// </summary>
internal sealed class ClientArguments
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryLimit = TimeSpan.FromSeconds(5);

    internal ClientArguments(bool isKeyRequired = true) =>
        Key = new("--key")
        {
            Description =
                "The client's key: its key file, its credential, which becomes one, or its SQLite store with --id.",
            HelpName = "FILE",
            Required = isKeyRequired,
        };

    internal Option<string?> Key { get; }

    internal Option<string?> Id { get; } =
        new("--id") { Description = "Which client of a SQLite store it is.", HelpName = "ID" };

    internal Option<double> Timeout { get; } =
        ToolOptions.Seconds("--timeout", "How long the handshake may take.", defaultValue: 10, least: 0.1);

    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Key, Id, Timeout])
            command.Options.Add(option);
    }

    /// <summary>
    /// Connects and makes the handshake. The key is needed for that only: its file is free for other programs when this
    /// returns.
    /// </summary>
    internal async Task<ConnectedChannel> ConnectAsync(
        ParseResult parsed,
        TunnelEndPoint address,
        CancellationToken cancellationToken,
        params CipherSuiteId[] suites
    )
    {
        var timeout = TimeSpan.FromSeconds(parsed.GetValue(Timeout));
        string file = parsed.GetValue(Key) ?? throw new ToolException("say with which key: --key FILE", ExitCode.Usage);
        string? id = parsed.GetValue(Id);

        // The file is taken after the connection is there, and so for as short a time as can be.
        (Stream connection, TimeSpan connecting) = await ConnectedChannel.DialAsync(
            address,
            timeout,
            cancellationToken
        );
        try
        {
            (IKeyStore store, ClientId? client) = await OpenAsync(file, id, cancellationToken);
            await using var opened = (IAsyncDisposable)store;
            SecureChannelClientOptions options = new()
            {
                Keys = store,
                ClientId = client,
                HandshakeTimeout = timeout,
            };
            if (suites.Length > 0)
                options.Suites = suites;
            return await ConnectedChannel.HandshakeAsync(address, connection, connecting, options, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<(IKeyStore Store, ClientId? Client)> OpenAsync(
        string file,
        string? id,
        CancellationToken cancellationToken
    )
    {
        byte[] head = KeyFileHead.ReadFrom(file).ToArray();
        if (KeyFileHead.IsKeyFile(head) || KeyFileHead.IsCredential(head) || !File.Exists(file))
        {
            KeyFile opened = await OpenKeyFileAsync(file, cancellationToken);
            return (opened, id is null ? default(ClientId?) : KeyArguments.ToId(id));
        }

        if (id is null)
            throw new ToolException($"{file} is a store of several clients: say which one, --id ID", ExitCode.Usage);
        return (SqliteKeyStore.Open(file, ChannelRole.Client), KeyArguments.ToId(id));
    }

    // Another connection with the same key may be in its handshake now, as when a program opens several at once.
    private static async Task<KeyFile> OpenKeyFileAsync(string file, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await KeyFile.OpenAsync(file, ChannelRole.Client, cancellationToken: cancellationToken);
            }
            catch (KeyStoreException e)
                when (e.InnerException is { Message: var reason }
                    && reason.Contains(OwnerOnlyFile.InUse, StringComparison.Ordinal)
                    && TimeProvider.System.GetElapsedTime(started) < RetryLimit
                )
            {
                await Task.Delay(RetryPause, cancellationToken);
            }
        }
    }
}
