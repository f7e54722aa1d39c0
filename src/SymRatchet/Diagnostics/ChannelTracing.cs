using System.Diagnostics;

namespace SymRatchet.Diagnostics;

/// <summary>
/// The activity source <c>SymRatchet</c>: one span for each handshake. Tags have few values and never contain an id.
/// </summary>
internal static class ChannelTracing
{
    private static readonly ActivitySource Source = new("SymRatchet");

    internal static Activity? StartHandshake(ChannelRole role, ChannelProtocol protocol) =>
        Source
            .StartActivity(
                "symratchet.handshake",
                role == ChannelRole.Client ? ActivityKind.Client : ActivityKind.Server
            )
            ?.SetTag("symratchet.role", role.ToString())
            .SetTag("symratchet.protocol", protocol.ToString());

    internal static void Succeeded(this Activity? activity, CipherSuiteId suite) =>
        activity
            ?.SetTag("symratchet.outcome", "ok")
            .SetTag("symratchet.suite", suite == CipherSuiteId.None ? null : suite.ToString());

    internal static void Failed(this Activity? activity, SecureChannelError error) =>
        activity?.SetTag("symratchet.outcome", error.ToString()).SetStatus(ActivityStatusCode.Error);
}
