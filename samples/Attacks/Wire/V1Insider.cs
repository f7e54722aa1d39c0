using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>An insider of protocol 1, in suite 2.</summary>
internal sealed class V1Insider(StoredKey key, FrameStream connection) : Insider(connection)
{
    private const byte Suite = 2;
    private const int HeaderSize = 16;
    private const int MacSize = 32;

    private readonly byte[] _identityKey = key.IdentityKey.ToArray();
    private byte[] _session = [];
    private byte[] _transcript = [];
    private V1Chain? _chain;

    internal override async Task GreetAsync(CancellationToken cancellationToken)
    {
        byte[] hello = Hello();
        await Connection.WriteAsync(hello, cancellationToken);
        byte[] challenge = await HearAsync(cancellationToken);
        byte[] rootKey = key.EpochKey.ToArray();
        ulong epoch = BinaryPrimitives.ReadUInt64BigEndian(challenge.AsSpan(HeaderSize + 2));
        for (ulong e = (ulong)key.Epoch; e < epoch; e++)
            rootKey = V1Secrets.NextEpoch(rootKey);
        (_transcript, _session) = V1Secrets.SessionOf(rootKey, hello, challenge);
        _chain = new V1Chain(_session, "c2s");
    }

    internal override async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        byte[] header = Header(21, MacSize);
        await Connection.WriteAsync(
            [.. header, .. V1Secrets.Mac(_session, "client finished", [.. _transcript, .. header])],
            cancellationToken
        );
        await HearAsync(cancellationToken);
    }

    internal override byte[] Seal(byte opcode, ulong round, string payload)
    {
        Round++;
        return _chain!.Seal(opcode, round, Encoding.ASCII.GetBytes(payload));
    }

    internal override byte[] SealAsServer(string payload) => Seal(WireFormat.AnswerOpcode, Round, payload);

    internal byte[] Hello()
    {
        byte[] epoch = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(epoch, (ulong)key.Epoch);
        byte[] body =
        [
            1,
            Suite,
            (byte)key.Evolution,
            .. epoch,
            .. RandomNumberGenerator.GetBytes(32),
            (byte)key.Id.Length,
            .. key.Id.Bytes,
            0,
            0,
        ];
        byte[] hello = [.. Header(HelloOpcode, body.Length + (2 * MacSize)), .. body];
        hello = [.. hello, .. V1Secrets.Mac(key.EpochKey.ToArray(), "hello", hello)];
        return [.. hello, .. V1Secrets.Mac(_identityKey, "hello", hello)];
    }

    private static byte[] Header(byte opcode, int length)
    {
        byte[] header = new byte[HeaderSize];
        header[0] = opcode;
        header[2] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), (uint)length);
        return header;
    }
}
