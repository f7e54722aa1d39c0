using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Contract;

/// <summary>What whole handshakes do with a store on both sides, whatever it is made of.</summary>
public abstract class HandshakeContract
{
    private const string Name = "device 1";

    private readonly ListLoggerFactory _logs = new();

    /// <summary>How many identities a store of this kind has room for, where a test uses many.</summary>
    private protected virtual int Identities => 20;

    private protected abstract ValueTask<IKeyDirectory> OpenAsync(ChannelRole role);

    [SkippableFact]
    public async Task Every_session_moves_both_stores_one_epoch_on()
    {
        (IKeyDirectory client, IKeyDirectory server) = await ProvisionAsync();
        for (long epoch = 0; epoch < 5; epoch++)
        {
            await using ChannelPair pair = await ConnectAsync(client, server);
            Assert.Equal((epoch, epoch), (pair.Client.Peer.Epoch, pair.Server.Peer.Epoch));
            await pair.RoundAsync([1], [2]);
            Assert.Equal((epoch + 1, epoch + 1), (await client.EpochAsync(Name), await server.EpochAsync(Name)));
        }

        Assert.DoesNotContain(_logs.Lines, line => line.Contains("restored from a backup", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_hundred_handshakes_of_all_identities_run_side_by_side_and_all_succeed()
    {
        IKeyDirectory client = await OpenAsync(ChannelRole.Client);
        IKeyDirectory server = await OpenAsync(ChannelRole.Server);
        string[] names = [.. Enumerable.Range(0, Identities).Select(i => $"device {i}")];
        foreach (string name in names)
        {
            await client.AddAsync(TestKeys.Shared(name));
            await server.AddAsync(TestKeys.Shared(name));
        }

        ChannelPair[] pairs = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => ConnectAsync(client, server, names[i % names.Length]))
        );
        foreach (ChannelPair pair in pairs)
        {
            await pair.RoundAsync([1], [2]);
            await pair.DisposeAsync();
        }

        foreach (string name in names)
            Assert.Equal(await client.EpochAsync(name), await server.EpochAsync(name));
    }

    [SkippableFact]
    [Requirement("R3-15", "R3-17", "R3-19", "R5.1-4")]
    public async Task A_rotation_is_over_when_the_client_has_used_its_new_key()
    {
        foreach (KeyEvolution evolution in Enum.GetValues<KeyEvolution>())
        {
            string name = $"device {evolution}";
            IKeyDirectory client = await OpenAsync(ChannelRole.Client);
            IKeyDirectory server = await OpenAsync(ChannelRole.Server);
            await client.AddAsync(TestKeys.Shared(name, 0, evolution));
            await server.AddAsync(TestKeys.Shared(name, 0, evolution));
            await ExchangeAsync(client, server, name);

            await server.RotateAsync(TestKeys.Shared(name, 1, evolution));
            await ExchangeAsync(client, server, name);
            Assert.True((await server.DescribeAsync(name))!.IsRotating);

            await client.RotateAsync(TestKeys.Shared(name, 1, evolution));
            await ExchangeAsync(client, server, name);
            Assert.False((await server.DescribeAsync(name))!.IsRotating);
            Assert.True(await server.HoldsAsync(name, TestKeys.Shared(name, 1), ChannelRole.Server));
            await ExchangeAsync(client, server, name);

            // The old key is worth nothing any more.
            InMemoryKeyStore old = new(ChannelRole.Client);
            old.Add(TestKeys.Shared(name, 0, evolution));
            await Assert.ThrowsAnyAsync<SecureChannelException>(() => ExchangeAsync(old, server, name));
        }
    }

    [SkippableFact]
    public async Task A_client_that_was_cut_off_in_its_first_use_of_a_new_key_is_not_locked_out()
    {
        (IKeyDirectory client, IKeyDirectory server) = await ProvisionAsync();
        await server.RotateAsync(TestKeys.Shared(Name, 1));
        await client.RotateAsync(TestKeys.Shared(Name, 1));

        // The client's store has moved and its confirm was lost.
        using (StoredKey? key = await client.FindAsync(Name))
        {
            InMemoryKeyStore reference = new(ChannelRole.Server);
            reference.Add(TestKeys.Shared(Name, 1));
            await ExchangeAsync(client, reference, Name);
        }

        Assert.Equal(1, await client.EpochAsync(Name));
        await ExchangeAsync(client, server, Name);
        Assert.Equal((2, 2), (await client.EpochAsync(Name), await server.EpochAsync(Name)));
    }

    [SkippableFact]
    [Requirement("R3-10")]
    public async Task The_suites_of_an_identity_are_all_that_it_gets()
    {
        (IKeyDirectory client, IKeyDirectory server) = await ProvisionAsync();
        await server.RestrictAsync(Name, [CipherSuiteId.Aes256Gcm]);
        await using (ChannelPair pair = await ConnectAsync(client, server))
            Assert.Equal(CipherSuiteId.Aes256Gcm, pair.Server.Peer.Suite);

        await client.RestrictAsync(Name, [CipherSuiteId.ChaCha20Poly1305]);
        await Assert.ThrowsAnyAsync<SecureChannelException>(() => ConnectAsync(client, server));
        await server.RestrictAsync(Name, []);
        await using (ChannelPair pair = await ConnectAsync(client, server))
            Assert.Equal(CipherSuiteId.ChaCha20Poly1305, pair.Server.Peer.Suite);
    }

    [SkippableFact]
    public async Task A_revocation_elsewhere_ends_the_live_channels_of_the_id_and_no_others()
    {
        Skip.If(Identities == 1, "A store of this kind has room for one identity.");
        (IKeyDirectory client, IKeyDirectory server) = await ProvisionAsync();
        IKeyDirectory elsewhere = await OpenAsync(ChannelRole.Server);
        await client.AddAsync(TestKeys.Shared("device 2"));
        await server.AddAsync(TestKeys.Shared("device 2"));
        await using ChannelRegistry live = new(server);
        await using ChannelPair revoked = await ConnectAsync(client, server, Name, live);
        await using ChannelPair other = await ConnectAsync(client, server, "device 2", live);
        Assert.Equal((1, 1), (live.GetCount(Name), live.GetCount("device 2")));

        Task<byte[]?> serverReceives = ChannelPair.ReceiveAsync(revoked.Server);
        Task<byte[]?> clientReceives = ChannelPair.ReceiveAsync(revoked.Client);
        await elsewhere.RevokeAsync(Name);
        TimeSpan timeout = TimeSpan.FromSeconds(20);
        var here = await Assert.ThrowsAsync<SecureChannelException>(() => serverReceives.WaitAsync(timeout));
        Assert.Equal(SecureChannelError.Aborted, here.Error);
        await Assert.ThrowsAsync<SecureChannelException>(() => clientReceives.WaitAsync(timeout));
        await Assert.ThrowsAsync<SecureChannelException>(async () => await revoked.Server.SendAsync(new byte[1]));
        await Assert.ThrowsAnyAsync<SecureChannelException>(() => ConnectAsync(client, server, Name, live));
        await other.RoundAsync([1], [2]);
        Assert.Equal(0, live.GetCount(Name));
    }

    private async Task<(IKeyDirectory Client, IKeyDirectory Server)> ProvisionAsync()
    {
        IKeyDirectory client = await OpenAsync(ChannelRole.Client);
        IKeyDirectory server = await OpenAsync(ChannelRole.Server);
        await client.AddAsync(TestKeys.Shared(Name));
        await server.AddAsync(TestKeys.Shared(Name));
        return (client, server);
    }

    private async Task ExchangeAsync(IKeyStore client, IKeyStore server, string name)
    {
        await using ChannelPair pair = await ConnectAsync(client, server, name);
        await pair.RoundAsync([1], [2]);
    }

    private Task<ChannelPair> ConnectAsync(
        IKeyStore client,
        IKeyStore server,
        string name = Name,
        ChannelRegistry? live = null
    ) =>
        ChannelPair.CreateAsync(
            new SecureChannelClientOptions
            {
                Keys = client,
                ClientId = name,
                LoggerFactory = _logs,
            },
            new SecureChannelServerOptions
            {
                Keys = server,
                ChannelRegistry = live,
                LoggerFactory = _logs,
            }
        );
}
