using System.Security.Cryptography;

namespace SymRatchet.Tool.Channels;

/// <summary>Joins standard input and output to a channel, with a thread for each direction: both block.</summary>
internal static class StandardRelay
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Returns when both directions have ended in order; fails when one did not.</summary>
    internal static async Task RunAsync(ISecureChannel channel, CancellationToken cancellationToken)
    {
        SecureChannelStream stream = channel.AsStream(leaveOpen: true);
        Task sending = Start(() => Send(StandardStream.Input, stream));
        Task receiving = Start(() => Receive(stream, StandardStream.Output));
        try
        {
            await await Task.WhenAny(sending, receiving).WaitAsync(cancellationToken);
            await Task.WhenAll(sending, receiving).WaitAsync(cancellationToken);
        }
        catch
        {
            // The other direction may wait for its standard stream for ever; it ends with the process.
            stream.Abort();
            throw;
        }
    }

    private static Task Start(Action copy) =>
        Task.Factory.StartNew(copy, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Send(StandardStream from, SecureChannelStream to)
    {
        byte[] buffer = new byte[BufferSize];
        while (from.Read(buffer) is > 0 and int length)
            to.Write(buffer, 0, length);
        CryptographicOperations.ZeroMemory(buffer);
        to.CompleteWritesAsync().AsTask().GetAwaiter().GetResult();
    }

    private static void Receive(SecureChannelStream from, StandardStream to)
    {
        byte[] buffer = new byte[BufferSize];
        while (from.Read(buffer, 0, buffer.Length) is > 0 and int length)
            to.Write(buffer.AsSpan(0, length));
        CryptographicOperations.ZeroMemory(buffer);
        to.Close();
    }
}
