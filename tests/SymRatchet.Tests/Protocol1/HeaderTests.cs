using System.Buffers;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// Protocol 1, section 4: what a receiver makes of each opcode and length in each of its phases, by the header alone.
/// The whole table is here once more, written from the specification.
/// </summary>
public sealed class HeaderTests
{
    private const int HandshakeLimit = 4096;
    private const int RecordLimit = 100_000;

    private static readonly int[] Lengths =
    [
        0,
        1,
        31,
        HandshakeLimit - 1,
        HandshakeLimit,
        HandshakeLimit + 1,
        RecordLimit,
        RecordLimit + 1,
        int.MaxValue,
    ];

    [Theory]
    [InlineData(ChannelRole.Server, ProtocolPhase.Init, HandshakeLimit, 10)]
    [InlineData(ChannelRole.Server, ProtocolPhase.Confirming, HandshakeLimit, 21)]
    [InlineData(ChannelRole.Server, ProtocolPhase.Active, RecordLimit, 30, 60, 61, 62)]
    [InlineData(ChannelRole.Client, ProtocolPhase.Init, HandshakeLimit, 20)]
    [InlineData(ChannelRole.Client, ProtocolPhase.Confirming, HandshakeLimit, 22)]
    [InlineData(ChannelRole.Client, ProtocolPhase.Active, RecordLimit, 40, 60, 61, 62)]
    [Requirement("R4-2", "R4-3", "R4-4", "R4-5")]
    public void An_opcode_that_the_phase_does_not_take_and_a_length_above_its_limit_are_refused_by_the_header(
        ChannelRole role,
        ProtocolPhase phase,
        int limit,
        params int[] takes
    )
    {
        for (int opcode = 0; opcode < 256; opcode++)
        {
            foreach (int length in Lengths)
            {
                foreach (Receiver receiver in Receiver.All(role, phase))
                {
                    string expected =
                        opcode is < 10 or > 62 ? "no frame"
                        : !takes.Contains(opcode) || length == 0 ? "refused"
                        : length > limit ? "too large"
                        : "waits";
                    string found = receiver.Take(Header((byte)opcode, length));
                    Assert.True(expected == found, $"{role} {phase} {opcode} {length}: {found}, not {expected}");
                }
            }
        }
    }

    [Fact]
    [Requirement("R4-3", "R6.4-5")]
    public void After_a_close_no_header_is_waited_for()
    {
        using RatchetPair pair = new();
        RatchetPair.Open(pair.Server, RatchetPair.Terminate(pair.Client, SecureChannelError.None));
        foreach (byte opcode in new byte[] { 30, 60, 61, 62 })
            Assert.Equal("refused", new Receiver(pair.Server).Take(Header(opcode, 100)));
    }

    private static byte[] Header(byte opcode, int length)
    {
        byte[] header = new byte[FrameHeader.Size];
        new FrameHeader((Opcode)opcode, FrameFlags.None, length, Round: 0).Write(header);
        return header;
    }

    /// <summary>The real reader of frames in a phase, made anew for each header.</summary>
    private sealed class Receiver(IFrameReader reader)
    {
        private static readonly ClientId Id = new([1]);

        private static HandshakeSettings Settings =>
            new(
                [CipherSuite.All[0]],
                RecordLimit,
                PaddingBlock: 0,
                Limits.EpochLimit,
                SendBeforeConfirm: false,
                RandomSource.System
            );

        internal static IEnumerable<Receiver> All(ChannelRole role, ProtocolPhase phase)
        {
            if (phase == ProtocolPhase.Active)
            {
                RatchetPair pair = new(maxRecordSize: RecordLimit);
                return [new(role == ChannelRole.Client ? pair.Client : pair.Server)];
            }

            if (phase == ProtocolPhase.Init)
                return
                [
                    new(role == ChannelRole.Client ? AfterHello() : (FrameExpected)ServerHandshake.Start(Settings)),
                ];
            if (role == ChannelRole.Server)
                return [new(AfterChallenge())];

            // A client that sends before it is confirmed has its session already.
            byte[] root = new byte[32];
            using SessionSecrets secrets = new(root, root);
            return
            [
                new(AfterConfirm()),
                new(new RatchetSession(ChannelRole.Client, Id, epoch: 0, CipherSuite.All[0], secrets, Settings)),
            ];
        }

        internal string Take(byte[] header)
        {
            switch (reader.Parse(new ReadOnlySequence<byte>(header), out int frameLength))
            {
                case FrameStatus.Malformed:
                    return "no frame";
                case FrameStatus.TooLarge:
                    return "too large";
                case FrameStatus.Incomplete:
                    return "waits";
                default:
                    Assert.Equal(header.Length, frameLength);
                    Assert.True(Refuses(header));
                    return "refused";
            }
        }

        // No message is a header alone, so what a reader is given then is refused whatever its opcode.
        private bool Refuses(byte[] header) =>
            reader is FrameExpected expected
                ? expected.Receive(header) is Refused
                : ((ChannelSession)reader).Open(header, []).Status == OpenStatus.Failed;

        private static FrameExpected AfterHello() => (FrameExpected)Client().Sent();

        private static SendNeeded Client()
        {
            using StoredKey key = Key(ChannelRole.Client);
            return (SendNeeded)((KeyNeeded)ClientHandshake.Start(Id, Settings)).Found(key);
        }

        private static (FrameExpected Server, FrameExpected Client, byte[] Challenge) Challenged()
        {
            SendNeeded hello = Client();
            using StoredKey key = Key(ChannelRole.Server);
            var asked = (KeyNeeded)((FrameExpected)ServerHandshake.Start(Settings)).Receive(hello.Bytes.Span);
            var challenge = (SendNeeded)((AdmissionNeeded)asked.Found(key)).Admitted();
            return ((FrameExpected)challenge.Sent(), (FrameExpected)hello.Sent(), challenge.Bytes.ToArray());
        }

        private static FrameExpected AfterChallenge() => Challenged().Server;

        private static FrameExpected AfterConfirm()
        {
            (_, FrameExpected client, byte[] challenge) = Challenged();
            using StoredKey key = Key(ChannelRole.Client);
            var advance = (AdvanceNeeded)((KeyNeeded)client.Receive(challenge)).Found(key);
            return (FrameExpected)((SendNeeded)advance.Advanced()).Sent();
        }

        private static StoredKey Key(ChannelRole role)
        {
            byte[] identity = new byte[32];
            byte[] epoch = new byte[32];
            EpochChain.Import(new byte[PreSharedKey.Size], Id.Bytes, [], identity, epoch);
            return new StoredKey(ChannelProtocol.V1, role, Id, KeyEvolution.Forward, identity, 0, epoch);
        }
    }
}
