using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Tests.Channel;

/// <summary>What a warm message allocates on the threads that send and receive it.</summary>
[Collection(Alone.Name)]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Messages = 100_000;

    [Theory]
    [InlineData(CipherSuiteId.Aegis256, 64, 0)]
    [InlineData(CipherSuiteId.Aegis256, 16384, 0)]
    [InlineData(CipherSuiteId.ChaCha20Poly1305, 64, 0)]
    [InlineData(CipherSuiteId.ChaCha20Poly1305, 16384, 2 * 64)]
    [InlineData(CipherSuiteId.Aes256Gcm, 64, 200)]
    [InlineData(CipherSuiteId.Aes256Gcm, 16384, 200)]
    public async Task A_hundred_thousand_messages_each_way(CipherSuiteId suite, int size, int allowed)
    {
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.Suites = [suite];

        // Everything runs on this thread: a pipe that is read in time never makes its writer wait.
        PipeOptions inline = new(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            useSynchronizationContext: false
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            client,
            ChannelPair.ServerOptions(ChannelProtocol.V1),
            inline
        );
        Exchange(pair, size, messages: 1000);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(pair, size, Messages);
        double each = (GC.GetAllocatedBytesForCurrentThread() - before) / (2.0 * Messages);
        output.WriteLine($"{suite}, {size} B: {each:0.###} B a message");

        // The shared pool may renew a buffer once in a run; a message allocates nothing.
        Assert.InRange(Math.Round(each), 0, allowed);
    }

    private static void Exchange(ChannelPair pair, int size, int messages)
    {
        byte[] message = new byte[size];
        FixedBuffer received = new(size + 64);
        for (int i = 0; i < messages; i++)
        {
            Pass(pair.Client, pair.Server, message, received);
            Pass(pair.Server, pair.Client, message, received);
        }
    }

    private static void Pass(ISecureChannel from, ISecureChannel to, byte[] message, FixedBuffer received)
    {
        ValueTask sending = from.SendAsync(message);
        if (!sending.IsCompletedSuccessfully)
            throw new InvalidOperationException("The send had to wait.");
        ValueTask<bool> receiving = to.ReceiveAsync(received);
        if (!receiving.IsCompletedSuccessfully || !receiving.Result || received.Written != message.Length)
            throw new InvalidOperationException("The message was not there at once.");
    }

    private sealed class FixedBuffer(int size) : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[size];

        internal int Written { get; private set; }

        public void Advance(int count) => Written = count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes;

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes;
    }
}
