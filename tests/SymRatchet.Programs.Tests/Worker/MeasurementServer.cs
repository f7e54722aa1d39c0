using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using SymRatchet.Programs.Tests.Running;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>Keeps each measurement and then acknowledges it; disposing it breaks what it has.</summary>
internal sealed class MeasurementServer : IAsyncDisposable
{
    private readonly SecureChannelListener _listener;
    private readonly ConcurrentDictionary<long, long> _kept;
    private readonly ConcurrentDictionary<ISecureChannel, Task> _channels = new();
    private readonly ConcurrentQueue<SecureChannelError> _ends = new();
    private readonly Task _running;

    internal MeasurementServer(
        EndPoint local,
        SecureChannelServerOptions options,
        ConcurrentDictionary<long, long> kept
    )
    {
        _kept = kept;
        _listener = SecureChannelListener.Listen(local, options);
        _running = RunAsync();
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint;

    /// <summary>Set, it keeps measurements and acknowledges none.</summary>
    internal bool IsSilent { get; set; }

    /// <summary>How many channels there have been.</summary>
    internal int Channels => _channels.Count;

    /// <summary>How those that are over have ended; <see cref="SecureChannelError.None"/> for a proven end.</summary>
    internal SecureChannelError[] Ends => [.. _ends];

    private async Task RunAsync()
    {
        await foreach (ISecureChannel channel in _listener.AcceptAllAsync())
            _channels[channel] = ServeAsync(channel);
    }

    private async Task ServeAsync(ISecureChannel channel)
    {
        await using (channel)
        {
            try
            {
                #region glue: receive
                await foreach (ReadOnlyMemory<byte> message in channel.ReadAllAsync())
                    if (Keep(message.Span))
                        await channel.SendAsync("kept"u8.ToArray());
                await channel.CloseAsync();
                #endregion
                _ends.Enqueue(SecureChannelError.None);
            }
            catch (SecureChannelException e)
            {
                _ends.Enqueue(e.Error); // this client is gone; it comes back
            }
        }
    }

    private bool Keep(ReadOnlySpan<byte> measurement)
    {
        _kept.AddOrUpdate(BinaryPrimitives.ReadInt64LittleEndian(measurement), 1, (_, times) => times + 1);
        return !IsSilent;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _running.WaitAsync(Limit.Long);
        foreach ((ISecureChannel channel, Task serving) in _channels)
        {
            channel.Abort();
            await serving.WaitAsync(Limit.Long);
        }
    }
}
