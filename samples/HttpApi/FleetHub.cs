using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace SymRatchet.Samples.HttpApi;

/// <summary>The SignalR hub: what one device says, all hear, with the name that its channel has proven.</summary>
[Authorize]
internal sealed class FleetHub : Hub
{
    internal const string Said = "Said";

    public Task Say(string text) =>
        Clients.All.SendAsync(Said, Context.User!.Identity!.Name, text, Context.ConnectionAborted);
}
