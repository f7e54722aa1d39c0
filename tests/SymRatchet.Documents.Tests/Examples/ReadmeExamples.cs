using SymRatchet.KeyStores.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples;

public sealed class ReadmeExamples : CurrentFolder
{
    [Fact]
    public async Task A_device_imports_its_key_once_and_forgets_the_file()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        key.WriteCredentialFile("sensor-17.key");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);

        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(sockets.Server, new() { Keys = keys }).AsTask();
        await ConnectAsync(sockets.Client);
        await using ISecureChannel server = await accepting;
        Assert.Equal("sensor-17", server.Peer.ClientName);
        Assert.Equal(SecureChannelError.TerminatedByPeer, (await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(server))).Error);
        Assert.False(File.Exists("sensor-17.key"));
    }

    private static async Task ConnectAsync(Stream stream)
    {
        await using SqliteKeyStore store = SqliteKeyStore.Open("device.keys", ChannelRole.Client);
        using (PreSharedKey carried = PreSharedKey.FromCredentialFile("sensor-17.key"))
            await store.AddAsync(carried);
        File.Delete("sensor-17.key");

        await using ISecureChannel channel = await SecureChannel.ConnectAsync(stream, new() { Keys = store, ClientId = "sensor-17" });
    }
}
