using System.Net;
using SymRatchet.Channel;
using SymRatchet.Primitives;

namespace SymRatchet;

/// <summary>
/// The limits on pending handshakes of a server: in all, for each address, for each identity, and for each hello. Thread-safe;
/// one object serves all accepts that share it, as those with the same options do. Protocol 1, section 8 (Limits).
/// </summary>
/// <remarks>
/// Where a limit is reached, an older handshake makes room: first one whose hello is of an epoch that is over, as every replayed
/// hello is, then, for the limits that come before a hello was verified, the one that has been silent for longest. Only where
/// none of these is there is the new one refused, so an attacker who holds connections open cannot keep clients out.
/// </remarks>
public sealed class HandshakeLimiter
{
    private readonly Lock _gate = new();

    // In the order of arrival, so the first that fits is the oldest.
    private readonly LinkedList<PendingHandshake> _pending = [];

    /// <summary>Handshakes pending in all; 1024 by default.</summary>
    public int MaxPending { get; init; } = Limits.PendingHandshakes;

    /// <summary>Handshakes pending from one address; 256 by default. Transports without an address count only in all.</summary>
    public int MaxPendingPerAddress { get; init; } = Limits.PendingHandshakesPerAddress;

    /// <summary>Handshakes pending for one identity, counted once it has proven its key; 64 by default.</summary>
    public int MaxPendingPerId { get; init; } = Limits.PendingHandshakesPerId;

    /// <summary>Handshakes pending now.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
                return _pending.Count;
        }
    }

    /// <summary>Refuses limits that would let nobody in.</summary>
    internal void Validate()
    {
        AtLeastOne(MaxPending, nameof(MaxPending));
        AtLeastOne(MaxPendingPerAddress, nameof(MaxPendingPerAddress));
        AtLeastOne(MaxPendingPerId, nameof(MaxPendingPerId));

        static void AtLeastOne(int limit, string name)
        {
            if (limit < 1)
                throw new ArgumentException($"{nameof(HandshakeLimiter)}.{name} is {limit}; it must be 1 or more.");
        }
    }

    /// <summary>Lets a connection begin its handshake, or returns null where there is no room.</summary>
    internal PendingHandshake? TryEnter(IPAddress? address)
    {
        lock (_gate)
        {
            bool hasRoom = MakeRoom(MaxPending, _ => true, silentMayGo: true)
                && (address is null || MakeRoom(MaxPendingPerAddress, other => address.Equals(other.Address), silentMayGo: true));
            if (!hasRoom)
                return null;
            PendingHandshake entered = new(this, address);
            entered.Node = _pending.AddLast(entered);
            return entered;
        }
    }

    /// <summary>Counts a handshake against the identity that it has proven.</summary>
    internal bool TryIdentify(PendingHandshake handshake, ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> nonce, bool isBehind)
    {
        string name = Convert.ToHexString(id.Span);
        string hello = name + Convert.ToHexString(nonce.Span);
        lock (_gate)
        {
            bool hasRoom = MakeRoom(Limits.PendingHandshakesPerNonce, other => other.Hello == hello, silentMayGo: false)
                && MakeRoom(MaxPendingPerId, other => other.Id == name, silentMayGo: false);
            if (!hasRoom || handshake.IsEvicted)
                return false;
            handshake.Id = name;
            handshake.Hello = hello;
            handshake.IsBehind = isBehind;
            return true;
        }
    }

    internal void Leave(PendingHandshake handshake)
    {
        lock (_gate)
            Remove(handshake);
    }

    private bool MakeRoom(int limit, Func<PendingHandshake, bool> counts, bool silentMayGo)
    {
        if (_pending.Count < limit || _pending.Count(counts) < limit)
            return true;
        PendingHandshake? leaving = _pending.FirstOrDefault(other => counts(other) && other.IsBehind)
            ?? (silentMayGo ? _pending.FirstOrDefault(other => counts(other) && other.Id is null) : null);
        if (leaving is null)
            return false;
        Remove(leaving);
        leaving.Evict();
        return true;
    }

    private void Remove(PendingHandshake handshake)
    {
        if (handshake.Node is { } node)
            _pending.Remove(node);
        handshake.Node = null;
    }
}
