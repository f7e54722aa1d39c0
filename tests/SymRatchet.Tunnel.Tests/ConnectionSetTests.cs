namespace SymRatchet.Tunnel.Tests;

/// <summary>A tunnel that stops leaves no connection behind, however late a handshake ends.</summary>
public sealed class ConnectionSetTests
{
    [Fact]
    public void A_connection_that_comes_after_the_end_is_reset()
    {
        using ConnectionSet set = new(TimeProvider.System);
        TunnelConnection before = new(TimeProvider.System);
        set.Add(before);
        Assert.Equal(1, set.AbortAll("the tunnel stops"));
        TunnelConnection late = new(TimeProvider.System);
        set.Add(late);
        Assert.All([before, late], connection => Assert.Equal("the tunnel stops", connection.Reason));
        Assert.All([before, late], connection => Assert.True(connection.Ending.IsCancellationRequested));
    }

    [Fact]
    public async Task It_is_empty_as_often_as_it_becomes_so()
    {
        using ConnectionSet set = new(TimeProvider.System);
        for (int i = 0; i < 2; i++)
        {
            TunnelConnection connection = new(TimeProvider.System);
            set.Add(connection);
            Task empty = set.WhenEmptyAsync();
            Assert.False(empty.IsCompleted);
            set.Remove(connection);
            await empty.WaitAsync(TimeSpan.FromSeconds(5));
        }
    }
}
