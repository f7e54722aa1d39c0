using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Tests.Explorer;

/// <summary>The promises of the handshake, in every world that can be reached.</summary>
public sealed class HandshakeExplorerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(4, 1, 4, 2, 3_000_000)]
    [InlineData(3, 2, 3, 2, 700_000)]
    [Requirement("R5.1-10", "R5.1-12", "R5.2-8", "R5.3-2", "R5.3-5", "R5.4-3")]
    public void Every_interleaving_keeps_every_promise(
        int clients,
        int clientsAtOnce,
        int servers,
        int serversAtOnce,
        int expectedWorlds
    )
    {
        HandshakeExplorer explorer = new(clients, clientsAtOnce, servers, serversAtOnce);
        explorer.Explore(atMost: 10_000_000);
        output.WriteLine(
            $"{clients} client sessions, {clientsAtOnce} at once, {servers} server sessions, {serversAtOnce} at "
                + $"once: {explorer.Worlds:N0} worlds, "
                + $"{explorer.Histories:N0} handshake histories, {explorer.SessionsMade:N0} sessions made, epochs up "
                + $"to {explorer.LargestEpoch}"
        );
        Assert.Null(explorer.Violation);
        Assert.True(explorer.IsComplete);
        Assert.True(explorer.Worlds >= expectedWorlds);
        Assert.Equal(clients, explorer.LargestEpoch);
    }

    [Fact]
    [Requirement("R5.3-2")]
    public void A_client_that_confirms_before_it_advances_is_found_out() =>
        AssertFound(Mistake.ClientSendsItsConfirmBeforeItAdvances);

    [Fact]
    [Requirement("R5.3-5")]
    public void A_server_that_confirms_before_it_advances_is_found_out() =>
        AssertFound(Mistake.ServerConfirmsBeforeItAdvances);

    [Fact]
    [Requirement("R5.4-3")]
    public void A_client_that_sends_data_before_the_confirm_is_found_out() =>
        AssertFound(Mistake.ClientSendsDataBeforeTheConfirm);

    private void AssertFound(object mistake)
    {
        HandshakeExplorer explorer = new(clients: 2, clientsAtOnce: 2, servers: 2, serversAtOnce: 2, (Mistake)mistake);
        explorer.Explore(atMost: 400_000);
        output.WriteLine($"{explorer.Worlds:N0} worlds until: {explorer.Violation}");
        Assert.NotNull(explorer.Violation);
    }
}
