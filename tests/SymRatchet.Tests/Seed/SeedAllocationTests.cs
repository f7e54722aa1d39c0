using System.Security.Cryptography;
using SymRatchet.Session;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Tests.Seed;

/// <summary>What a warm seed message allocates: the platform's AES objects, and nothing of ours.</summary>
[Collection(Alone.Name)]
public sealed class SeedAllocationTests(ITestOutputHelper output)
{
    private const int Rounds = 2000;

    [Fact]
    public void A_message_allocates_what_the_platforms_AES_does_and_not_a_byte_more()
    {
        double aes = AllocatedByAes();
        foreach (int size in new[] { 64, 16384 })
        {
            double message = AllocatedPerMessage(size);
            output.WriteLine(
                $"{size} B: {message:0} B a message sealed and opened, {aes:0} B of them by the platform's AES"
            );
            Assert.Equal(aes, message);
        }
    }

    // What the session does with the platform's AES for one message: a key set and a block chain, on either side.
    private static double AllocatedByAes()
    {
        using Aes sealing = Aes.Create();
        using Aes opening = Aes.Create();
        byte[] buffer = new byte[64];
        return Allocation.Of(() =>
            {
                Span<byte> key = stackalloc byte[16];
                for (int i = 0; i < Rounds; i++)
                {
                    sealing.SetKey(key);
                    sealing.EncryptCbc(buffer, key, buffer, PaddingMode.None);
                    opening.SetKey(key);
                    opening.DecryptCbc(buffer, key, buffer, PaddingMode.None);
                }
            }) / (double)Rounds;
    }

    private static double AllocatedPerMessage(int size)
    {
        SeedPair pair = SeedPair.Active();
        byte[] message = new byte[size];
        byte[] frame = new byte[pair.Client.GetSealedLength(size)];
        byte[] opened = new byte[pair.Server.GetOpenedLength(frame.Length)];
        return Allocation.Of(() => Exchange(pair, message, frame, opened)) / (2.0 * Rounds);
    }

    private static void Exchange(SeedPair pair, byte[] message, byte[] frame, byte[] opened)
    {
        for (int i = 0; i < Rounds; i++)
        {
            pair.Client.Seal(message, frame);
            bool forth = pair.Server.Open(frame, opened).Status == OpenStatus.Message;
            pair.Server.Seal(message, frame);
            bool back = pair.Client.Open(frame, opened).Status == OpenStatus.Message;
            Assert.True(forth && back);
        }
    }
}
