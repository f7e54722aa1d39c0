using System.Net;
using System.Runtime.InteropServices;
using SymRatchet.Channel;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>
/// Limits the pending handshakes of a server: in total, per address and per identity (docs/protocol.md, 8).
/// </summary>
/// <remarks>
/// <para>
/// A new handshake is never refused. When a limit is reached, the oldest pending handshake that it counts is evicted:
/// of the same identity, of the same address, or of all. So an honest client is kept out only by an attacker who opens
/// more handshakes than the limit while the client completes one, with recorded messages or without.
/// </para>
/// <para>
/// A handshake whose client has proven its key is no longer counted and cannot be evicted. All accepts that share an
/// object share its limits, as those with the same options do. Thread-safe.
/// </para>
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

    /// <summary>Gets or initializes the limit on all pending handshakes.</summary>
    /// <value>1 or more; the default is 8192.</value>
    public int MaxPending { get; init; } = Limits.PendingHandshakes;

    /// <summary>
    /// Gets or initializes the limit on pending handshakes from one IPv4 address or one IPv6 /64 network.
    /// </summary>
    /// <value>1 or more; the default is 2048.</value>
    /// <remarks>Transports without an address count only towards <see cref="MaxPending"/>.</remarks>
    public int MaxPendingPerAddress { get; init; } = Limits.PendingHandshakesPerAddress;

    /// <summary>
    /// Gets or initializes the limit on pending handshakes of one identity, counted once the hello has verified.
    /// </summary>
    /// <value>1 or more; the default is 2048.</value>
    public int MaxPendingPerId { get; init; } = Limits.PendingHandshakesPerId;

    /// <summary>Gets the number of pending handshakes.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
                return _all.Count;
        }
    }

    /// <summary>The clock for the intervals between reports.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Throws if a limit would let nobody in.</summary>
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

    /// <summary>Adds a handshake, and evicts the oldest one if a limit is reached.</summary>
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

    /// <summary>Counts a handshake for the identity of its hello, which has verified.</summary>
    /// <returns>False if it was evicted before.</returns>
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

    /// <summary>Removes a handshake that has ended, or whose client has proven its key.</summary>
    /// <returns>False if it was evicted before.</returns>
    internal bool TryLeave(PendingHandshake handshake)
    {
        lock (_gate)
        {
            Remove(handshake);
            return !handshake.IsEvicted;
        }
    }

    /// <summary>Gets the number of handshakes evicted since the last report; at most one report a second.</summary>
    /// <returns>False if there is nothing to report now.</returns>
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
