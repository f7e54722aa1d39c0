using System.Globalization;
using System.Text;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>An insider of the seed protocol.</summary>
internal sealed class SeedInsider(StoredKey key, FrameStream connection) : Insider(connection)
{
    private const byte ToServer = 1;
    private const byte FromServer = 2;

    private readonly byte _id = byte.Parse(Encoding.ASCII.GetString(key.Id.Bytes), CultureInfo.InvariantCulture);
    private readonly SeedChain _chain = new(key.EpochKey);

    internal override async Task GreetAsync(CancellationToken cancellationToken)
    {
        await Connection.WriteAsync(Seal(HelloOpcode, 0, $"Hello from client {_id}"), cancellationToken);
        await HearAsync(cancellationToken);
    }

    internal override Task ConfirmAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal override byte[] Seal(byte opcode, ulong round, string payload) =>
        Seal(opcode, _id, round, ToServer, payload);

    internal override byte[] SealAsServer(string payload) =>
        Seal(WireFormat.DataOpcode, _id, Round, FromServer, payload);

    /// <summary>Seals the next message under another client's id.</summary>
    internal byte[] SealAs(byte id, string payload) => Seal(WireFormat.DataOpcode, id, Round, ToServer, payload);

    private byte[] Seal(byte opcode, byte id, ulong round, byte direction, string payload)
    {
        Round++;
        return _chain.Seal(opcode, id, (uint)round, direction, payload);
    }
}
