using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>
/// A handshake that ends before a session: what is still said to the peer, and that the keys are erased.
/// </summary>
internal static class SeedRefusal
{
    internal static Refused Of(SeedSession session, OpenResult result)
    {
        using (session)
        {
            if (result.Error == SecureChannelError.TerminatedByPeer)
                return new Refused(result.Error, result.Detail!);

            byte[] lastWord = new byte[session.MaxControlLength];
            int length = session.SealTerminate(result.Error, lastWord);
            return new Refused(result.Error, result.Detail!, lastWord.AsMemory(0, length));
        }
    }
}
