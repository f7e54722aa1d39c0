using System.Net;
using System.Runtime.InteropServices;
using SymRatchet.Channel;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>
/// The limits on pending handshakes of a server: in all, for each address and for each identity. One object serves all
/// accepts that share it, as those with the same options do. Protocol 1, section 8 (Limits).
/// </summary>
/// <remarks>
/// <para>
/// A new handshake is never refused. At a limit, the oldest pending handshake that the limit counts is evicted: of the
/// same identity, of the same address, or of all. So a handshake is evicted only after as many newer ones as its limit
/// says, and who sends fewer than that in the time of an honest handshake keeps nobody out, whatever he recorded.
/// </para>
/// <para>A handshake whose client has proven its key counts no more and is not evicted any more. Thread-safe.</para>
/// </remarks>
public sealed class HandshakeLimiter
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly LinkedList<PendingHandshake> _all = new();
    private readonly Dictionary<AddressBlock, LinkedList<PendingHandshake>> _byAddress = [];
    private readonly Dictionary<ClientId, LinkedList<PendingHandshake>> _byId = [];
    private int _unreported;
    private long? _reported;

    /// <summary>Handshakes pending in all; 8192 by default.</summary>
    public int MaxPending { get; init; } = Limits.PendingHandshakes;

    /// <summary>
    /// Handshakes pending from one IPv4 address or one IPv6 network of 64 bits; 2048 by default. Transports without an
    /// address count only in all.
    /// </summary>
    public int MaxPendingPerAddress { get; init; } = Limits.PendingHandshakesPerAddress;

    /// <summary>Handshakes pending for one identity, counted once its hello has verified; 2048 by default.</summary>
    public int MaxPendingPerId { get; init; } = Limits.PendingHandshakesPerId;

    /// <summary>Handshakes pending now.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
                return _all.Count;
        }
    }

    /// <summary>The clock of the reports.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

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

    /// <summary>Lets a connection begin its handshake.</summary>
    internal PendingHandshake Enter(IPAddress? address)
    {
        PendingHandshake entered = new(this, AddressBlock.Of(address));
        lock (_gate)
        {
            if (entered.Address is { } block)
                Append(Group(_byAddress, block), MaxPendingPerAddress, entered.InAddress);
            Append(_all, MaxPending, entered.InAll);
        }

        return entered;
    }

    /// <summary>Counts a handshake for the identity that its hello names, once that has verified.</summary>
    /// <returns>False where it was evicted before.</returns>
    internal bool TryIdentify(PendingHandshake handshake, ClientId id)
    {
        lock (_gate)
        {
            if (handshake.IsEvicted)
                return false;
            handshake.Id = id;
            Append(Group(_byId, id), MaxPendingPerId, handshake.InId);
            return true;
        }
    }

    /// <summary>
    /// Takes a handshake out: it is over, or its client has proven its key and what remains is this side's to do.
    /// </summary>
    /// <returns>False where it was evicted before.</returns>
    internal bool TryLeave(PendingHandshake handshake)
    {
        lock (_gate)
        {
            Remove(handshake);
            return !handshake.IsEvicted;
        }
    }

    /// <summary>How many handshakes were evicted since the last report; at most one report a second.</summary>
    /// <returns>False where there is nothing to report now.</returns>
    internal bool TryReport(out int evicted)
    {
        lock (_gate)
        {
            evicted = _unreported;
            if (evicted == 0 || (_reported is { } last && Time.GetElapsedTime(last) < ReportInterval))
                return false;
            _unreported = 0;
            _reported = Time.GetTimestamp();
            return true;
        }
    }

    private static LinkedList<PendingHandshake> Group<TKey>(
        Dictionary<TKey, LinkedList<PendingHandshake>> groups,
        TKey key
    )
        where TKey : notnull =>
        CollectionsMarshal.GetValueRefOrAddDefault(groups, key, out _) ??= new LinkedList<PendingHandshake>();

    private void Append(LinkedList<PendingHandshake> group, int limit, LinkedListNode<PendingHandshake> node)
    {
        group.AddLast(node);
        if (group.Count <= limit)
            return;
        PendingHandshake oldest = group.First!.Value;
        Remove(oldest);
        oldest.Evict();
        _unreported++;
    }

    private void Remove(PendingHandshake handshake)
    {
        handshake.InAll.List?.Remove(handshake.InAll);
        if (handshake.Address is { } block)
            RemoveFrom(_byAddress, block, handshake.InAddress);
        RemoveFrom(_byId, handshake.Id, handshake.InId);

        static void RemoveFrom<TKey>(
            Dictionary<TKey, LinkedList<PendingHandshake>> groups,
            TKey key,
            LinkedListNode<PendingHandshake> node
        )
            where TKey : notnull
        {
            if (node.List is not { } group)
                return;
            group.Remove(node);
            if (group.Count == 0)
                groups.Remove(key);
        }
    }
}
