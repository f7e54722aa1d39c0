using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>One step of a handshake at a time, between stores at epochs of one's choice.</summary>
public abstract class HandshakeSteps : IDisposable
{
    private protected const ulong LastEpoch = (1UL << 63) - 1;

    private protected static readonly ClientId Id = "device 1";

    private protected PreSharedKey Key { get; } =
        PreSharedKey.Import(Id, [.. Enumerable.Repeat((byte)0x5A, PreSharedKey.Size)]);
    private readonly List<IDisposable> _owned = [];

    public static TheoryData<string> Malformed => ["flags", "round", "surplus", "cut"];

    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
        Key.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static byte[] Malform(string what, Func<Insider, byte[]> make)
    {
        byte[] message = make(
            what switch
            {
                "flags" => new Insider { Flags = FrameFlags.Padded },
                "round" => new Insider { Round = 1 },
                "surplus" => new Insider { Surplus = [0] },
                _ => new Insider(),
            }
        );
        if (what != "cut")
            return message;
        message = message[..^60]; // as if the last MACs were the end of the fields
        message[7] = (byte)(message.Length - FrameHeader.Size);
        return message;
    }

    private protected static StoredKey WithSerial(StoredKey key, long serial, DateTimeOffset? lastSeen = null) =>
        new(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey)
        {
            Serial = serial,
            LastSeen = lastSeen,
        };

    private protected static byte[] Confirm(StoredKey key, byte[] hello, byte[] challenge)
    {
        using SessionSecrets secrets = new(key.EpochKey, SHA256.HashData([.. hello, .. challenge[..^32]]));
        byte[] confirm = new byte[ClientConfirm.Size];
        ClientConfirm.WriteHeader(confirm);
        secrets.ClientFinished(confirm.AsSpan(0, FrameHeader.Size), confirm.AsSpan(FrameHeader.Size));
        return confirm;
    }

    private protected static (FrameExpected State, byte[] Hello, byte[] Challenge) Challenged(
        StoredKey key,
        HandshakeSettings? settings = null,
        StoredKey? helloKey = null
    )
    {
        byte[] hello = new Insider { Epoch = (ulong)(helloKey ?? key).Epoch }.Hello(helloKey ?? key);
        var asked = (KeyNeeded)((FrameExpected)ServerHandshake.Start(settings ?? Settings())).Receive(hello);
        var challenge = (SendNeeded)((AdmissionNeeded)asked.Found(key)).Admitted();
        return ((FrameExpected)challenge.Sent(), hello, challenge.Bytes.ToArray());
    }

    private protected static HandshakeSettings Settings() =>
        new(
            [CipherSuite.Get(CipherSuiteId.Aegis256), CipherSuite.Get(CipherSuiteId.Aes256Gcm)],
            MaxRecordSize: 4096,
            PaddingBlock: 0,
            Limits.EpochLimit,
            SendBeforeConfirm: false,
            RandomSource.System
        );

    private protected static void AssertRefused(HandshakeEnd end, SecureChannelError error, string detail)
    {
        Assert.NotNull(end.Refusal);
        Assert.Equal(error, end.Refusal.Error);
        Assert.Contains(detail, end.Refusal.Detail, StringComparison.Ordinal);
        Assert.True(end.Refusal.TerminateFrame.IsEmpty);
        Assert.Empty(end.Outgoing);
    }

    private protected StoredKey Stored(ChannelRole role) => Key.ImportFor(role);

    private protected InMemoryKeyStore At(ChannelRole role, long epoch)
    {
        InMemoryKeyStore store = StoreAt.Epoch(role, Key, epoch);
        _owned.Add(store);
        return store;
    }

    // Nobody walks so far; the root key is made up, and the same on both sides.
    private protected InMemoryKeyStore Late(ChannelRole role, long epoch)
    {
        InMemoryKeyStore store = new(role);
        _owned.Add(store);
        store.Add(Key);
        using StoredKey key = StoreAt.Find(store, Id);
        store
            .AdvanceAsync(Id, key.Serial, epoch, Enumerable.Repeat((byte)1, 32).ToArray())
            .AsTask()
            .GetAwaiter()
            .GetResult();
        return store;
    }

    private protected static HandshakeEnd Client(InMemoryKeyStore store) =>
        new(ChannelRole.Client, Id, store, Settings());

    private protected static HandshakeEnd Server(InMemoryKeyStore store) =>
        new(ChannelRole.Server, Id, store, Settings());
}
