using System.Buffers.Binary;
using System.Security.Cryptography;
using SymRatchet.Protocol1;

namespace SymRatchet.Tests.Protocol1;

/// <summary>Has the keys, and makes messages with the right MACs over whatever fields a test wants.</summary>
internal sealed class Insider
{
    internal byte[] Suites { get; init; } = [1];

    internal byte Suite { get; init; } = 1;

    internal byte Evolution { get; init; } = 1;

    internal ulong Epoch { get; init; }

    internal byte[] Id { get; init; } = "device 1"u8.ToArray();

    internal byte[] Extensions { get; init; } = [];

    /// <summary>Bytes behind the last field before the MACs, which are none of the message's.</summary>
    internal byte[] Surplus { get; init; } = [];

    internal FrameFlags Flags { get; init; }

    internal ulong Round { get; init; }

    internal bool HasWrongProof { get; init; }

    internal byte[] Hello(StoredKey key)
    {
        byte[] fields =
        [
            (byte)Suites.Length,
            .. Suites,
            Evolution,
            .. UInt64(Epoch),
            .. new byte[32],
            (byte)Id.Length,
            .. Id,
            .. Rest,
        ];
        byte[] hello = [.. Header(Opcode.ClientHello, fields.Length + 64), .. fields];
        byte[] proof = new byte[32],
            mac = new byte[32];
        HandshakeMacs.Hello(HasWrongProof ? new byte[32] : key.EpochKey, hello, proof);
        HandshakeMacs.Hello(key.IdentityKey, [.. hello, .. proof], mac);
        return [.. hello, .. proof, .. mac];
    }

    /// <summary>A challenge to a hello, with the secrets of the session that it begins.</summary>
    internal (byte[] Challenge, SessionSecrets Secrets) Challenge(StoredKey key, byte[] hello)
    {
        byte[] fields = [Suite, Evolution, .. UInt64(Epoch), .. new byte[32], .. Rest];
        byte[] challenge = [.. Header(Opcode.ServerChallenge, fields.Length + 64), .. fields];
        byte[] id = new byte[32],
            proof = new byte[32];
        HandshakeMacs.Challenge(key.IdentityKey, [.. hello, .. challenge], id);
        challenge = [.. challenge, .. id];
        SessionSecrets secrets = new(key.EpochKey, SHA256.HashData([.. hello, .. challenge]));
        secrets.ServerFinished(proof);
        if (HasWrongProof)
            proof[0] ^= 1;
        return ([.. challenge, .. proof], secrets);
    }

    private byte[] Rest => [(byte)(Extensions.Length >> 8), (byte)Extensions.Length, .. Extensions, .. Surplus];

    private byte[] Header(Opcode opcode, int length)
    {
        byte[] header = new byte[FrameHeader.Size];
        new FrameHeader(opcode, Flags, length, Round).Write(header);
        return header;
    }

    private static byte[] UInt64(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
