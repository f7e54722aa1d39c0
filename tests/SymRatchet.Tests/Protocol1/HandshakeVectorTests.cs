using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// docs/vectors/v1-handshake.json: whole sessions, byte for byte, with the real code in one role and the file in the
/// other.
/// </summary>
public sealed class HandshakeVectorTests
{
    public static TheoryData<string, int> Handshakes
    {
        get
        {
            TheoryData<string, int> data = [];
            foreach (JsonElement vector in V1Vectors.Handshakes)
                data.Add(vector.GetProperty("name").GetString()!, vector.Number("suite"));
            return data;
        }
    }

    [Fact]
    public void There_are_sessions_of_every_suite_and_relation_of_epochs() =>
        Assert.Equal(
            from suite in CipherSuite.All
            from name in new[] { "client_ahead", "client_behind", "equal", "no_evolution" }
            select (name, (int)suite.Id),
            V1Vectors
                .Handshakes.Select(v => (Name: v.GetProperty("name").GetString()!, Suite: v.Number("suite")))
                .OrderBy(v => v.Suite)
                .ThenBy(v => v.Name, StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Handshakes))]
    [Requirement("R5.2-1", "R5.6-1")]
    public void The_session_grows_from_these_secrets(string name, int suite)
    {
        JsonElement vector = Find(name, suite);
        using PreSharedKey key = Key(vector);
        using StoredKey imported = key.ImportFor(ChannelRole.Client);
        Assert.Equal(vector.Hex("identity_key"), imported.IdentityKey.ToArray());

        byte[] transcript = SHA256.HashData([
            .. vector.Hex("client_hello"),
            .. vector.Hex("server_challenge").AsSpan(..^32),
        ]);
        Assert.Equal(vector.Hex("transcript_hash"), transcript);

        byte[] epochKey = vector.GetProperty("server_store_after_challenge").Hex("epoch_key"),
            secret = new byte[32];
        Hkdf.Expand(epochKey, [.. Labels.Session, .. transcript], secret);
        Assert.Equal(vector.Hex("session_secret"), secret);
        using SessionSecrets secrets = new(epochKey, transcript);
        Assert.Equal(vector.Hex("c2s_chain_key"), secrets.ClientToServerChain.ToArray());
        Assert.Equal(vector.Hex("s2c_chain_key"), secrets.ServerToClientChain.ToArray());
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    [Requirement("R2-1", "R4-1", "R4-9", "R5.1-1", "R5.3-2", "R5.3-3", "R5.4-3", "R6.2-11", "R10-1")]
    public void The_client_sends_these_bytes_and_understands_these(string name, int suite)
    {
        JsonElement vector = Find(name, suite);
        using PreSharedKey key = Key(vector);
        using InMemoryKeyStore store = StoreBefore(vector, key, ChannelRole.Client, "client_store_before");
        using HandshakeEnd client = new(
            ChannelRole.Client,
            new ClientId(vector.Hex("client_id")),
            store,
            Settings(vector, "offered_suites", "client_nonce")
        );
        AssertSent(vector, "client_hello", client);
        AssertStore(vector, "client_store_before", store, key);

        client.Receive(vector.Hex("server_challenge"));
        AssertStore(vector, "client_store_after", store, key);
        AssertSent(vector, "client_confirm", client);
        Assert.False(client.WasActive);

        client.Receive(vector.Hex("server_confirm"));
        Assert.True(client.WasActive);
        Assert.Equal(
            vector.GetProperty("client_alarm").GetBoolean() ? [HandshakeAlarm.ClientStoreBehind] : [],
            client.Alarms
        );
        AssertSession(vector, client.Session!);
        Assert.Equal(vector.Hex("c2s_chain_key"), client.Session!.Sending.ChainKey.ToArray());
        Assert.Equal(vector.Hex("s2c_chain_key_after_confirm"), client.Session.Receiving.ChainKey.ToArray());
        AssertRecords(vector, "client", client.Session);
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    [Requirement(
        "R2-1",
        "R4-1",
        "R4-9",
        "R5.1-10",
        "R5.2-1",
        "R5.2-2",
        "R5.3-5",
        "R5.4-1",
        "R5.4-2",
        "R6.2-8",
        "R6.2-11",
        "R10-1"
    )]
    public void The_server_sends_these_bytes_and_understands_these(string name, int suite)
    {
        JsonElement vector = Find(name, suite);
        using PreSharedKey key = Key(vector);
        using InMemoryKeyStore store = StoreBefore(vector, key, ChannelRole.Server, "server_store_before");
        using HandshakeEnd server = new(
            ChannelRole.Server,
            new ClientId(vector.Hex("client_id")),
            store,
            Settings(vector, "accepted_suites", "server_nonce")
        );
        server.Receive(vector.Hex("client_hello"));
        AssertStore(vector, "server_store_after_challenge", store, key);
        AssertSent(vector, "server_challenge", server);
        Assert.False(server.WasActive);

        server.Receive(vector.Hex("client_confirm"));
        Assert.True(server.WasActive);
        AssertStore(vector, "server_store_after", store, key);
        AssertSent(vector, "server_confirm", server);
        Assert.Equal(
            vector.GetProperty("server_alarm").GetBoolean() ? [HandshakeAlarm.ServerStoreBehind] : [],
            server.Alarms
        );
        AssertSession(vector, server.Session!);
        Assert.Equal(vector.Hex("c2s_chain_key"), server.Session!.Receiving.ChainKey.ToArray());
        Assert.Equal(vector.Hex("s2c_chain_key_after_confirm"), server.Session.Sending.ChainKey.ToArray());
        AssertRecords(vector, "server", server.Session);
    }

    private static void AssertRecords(JsonElement vector, string role, RatchetSession session)
    {
        var suite = CipherSuite.Get((CipherSuiteId)vector.Number("suite"));
        foreach (JsonElement record in vector.List("records"))
        {
            byte[] payload = record.Hex("payload"),
                frame = record.Hex("frame");
            bool isOwn = record.GetProperty("sender").GetString() == role;
            var opcode = (Opcode)record.Number("opcode");
            ulong round = record.GetProperty("round").GetUInt64();
            Assert.Equal(round, isOwn ? session.Sending.Round : session.Receiving.Round);
            Assert.True(
                suite.Open(
                    record.Hex("message_key"),
                    round,
                    frame[..FrameHeader.Size],
                    frame[FrameHeader.Size..],
                    new byte[session.GetOpenedLength(frame.Length)]
                )
            );
            if (isOwn)
                Assert.Equal(frame, Seal(session, opcode, payload));
            else
                AssertOpens(session, opcode, payload, frame);

            if (opcode != Opcode.Terminate)
                Assert.Equal(
                    record.Hex("chain_key_after"),
                    (isOwn ? session.Sending.ChainKey : session.Receiving.ChainKey).ToArray()
                );
            else
                Assert.True(isOwn ? session.Sending.IsErased : session.Receiving.IsErased);
        }
    }

    private static byte[] Seal(RatchetSession session, Opcode opcode, byte[] payload)
    {
        byte[] control = new byte[session.MaxControlLength];
        return opcode switch
        {
            Opcode.Ping => control[..session.SealPing(BinaryPrimitives.ReadUInt64BigEndian(payload), control)],
            Opcode.Pong => control[..session.SealReply(control)], // the token is that of the ping before
            Opcode.Terminate => RatchetPair.Terminate(
                session,
                payload[0] == (byte)TerminationReason.Close ? SecureChannelError.None : SecureChannelError.Timeout
            ),
            _ => RatchetPair.Seal(session, payload),
        };
    }

    private static void AssertOpens(RatchetSession session, Opcode opcode, byte[] payload, byte[] frame)
    {
        (OpenResult result, byte[] opened, _) = RatchetPair.Open(session, frame);
        switch (opcode)
        {
            case Opcode.Ping:
                Assert.Equal(OpenStatus.Control, result.Status);
                Assert.True(session.HasReply);
                break;

            case Opcode.Pong:
                Assert.Equal(
                    (OpenStatus.Pong, BinaryPrimitives.ReadUInt64BigEndian(payload)),
                    (result.Status, result.Token)
                );
                break;

            case Opcode.Terminate when payload[0] == (byte)TerminationReason.Close:
                Assert.Equal(OpenStatus.Closed, result.Status);
                break;

            case Opcode.Terminate:
                Assert.Equal(SecureChannelError.TerminatedByPeer, result.Error);
                break;

            default:
                Assert.Equal(OpenStatus.Message, result.Status);
                Assert.Equal(payload, opened);
                break;
        }
    }

    private static void AssertSession(JsonElement vector, RatchetSession session) =>
        Assert.Equal(
            (ProtocolPhase.Active, (CipherSuiteId)vector.Number("suite"), (long)vector.Number("epoch")),
            (session.Phase, session.Peer.Suite!, session.Peer.Epoch)
        );

    private static void AssertSent(JsonElement vector, string message, HandshakeEnd end)
    {
        Assert.Equal(vector.Hex(message), Assert.Single(end.Outgoing));
        end.Outgoing.Clear();
    }

    private static void AssertStore(JsonElement vector, string name, InMemoryKeyStore store, PreSharedKey key)
    {
        JsonElement expected = vector.GetProperty(name);
        Assert.Equal(
            (expected.Number("epoch"), expected.GetProperty("epoch_key").GetString()!),
            StoreAt.Of(store, key)
        );
    }

    private static InMemoryKeyStore StoreBefore(JsonElement vector, PreSharedKey key, ChannelRole role, string name)
    {
        InMemoryKeyStore store = StoreAt.Epoch(role, key, vector.GetProperty(name).Number("epoch"));
        AssertStore(vector, name, store, key);
        return store;
    }

    private static HandshakeSettings Settings(JsonElement vector, string suites, string nonce) =>
        new(
            [.. vector.List(suites).Select(id => CipherSuite.Get((CipherSuiteId)id.GetInt32()))],
            Limits.DefaultMaxRecordSize,
            vector.Number("padding_block"),
            Limits.EpochLimit,
            SendBeforeConfirm: false,
            new FixedRandom(vector.Hex(nonce))
        );

    private static PreSharedKey Key(JsonElement vector) =>
        PreSharedKey.Import(
            new ClientId(vector.Hex("client_id")),
            vector.Hex("psk"),
            vector.Hex("server_name"),
            (KeyEvolution)vector.Number("evolution")
        );

    private static JsonElement Find(string name, int suite) =>
        V1Vectors.Handshakes.Single(v => v.GetProperty("name").GetString() == name && v.Number("suite") == suite);
}
