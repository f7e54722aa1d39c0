using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>Ends a failed handshake: seals the final frame for the peer and erases the keys.</summary>
internal static class SeedRefusal
{
    internal static Refused Of(SeedSession session, OpenResult result)
    {
        using (session)
        {
            if (result.Error == SecureChannelError.TerminatedByPeer)
                return new Refused(result.Error, result.Detail!);

            byte[] terminate = new byte[session.MaxControlLength];
            int length = session.SealTerminate(result.Error, terminate);
            return new Refused(result.Error, result.Detail!, terminate.AsMemory(0, length));
        }
    }
}
