using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>Represents the id of a client: a byte string with one text form for people, logs and claims.</summary>
/// <remarks>
/// <para>
/// Different ids have different texts, which <see cref="Parse(string)"/> reads back. The text is the id's UTF-8 text,
/// or <c>0x</c> and its bytes in hex if they are not valid UTF-8, contain invisible characters, begin or end with white
/// space, or begin with <c>0x</c> (docs/protocol.md, 3).
/// </para>
/// <para>A usable id is 1 to 255 bytes long, which every consumer checks. Immutable.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public readonly struct ClientId : IEquatable<ClientId>, IComparable<ClientId>, IParsable<ClientId>
{
    private readonly byte[]? _bytes;

    /// <summary>Initializes a new instance of the <see cref="ClientId"/> struct from bytes, which are copied.</summary>
    /// <param name="bytes">The bytes; any values are allowed.</param>
    public ClientId(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    private ClientId(byte[] owned) => _bytes = owned;

    /// <summary>Gets the bytes of the id, as in the protocol and in stores.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Gets the id's length in bytes; 0 for <c>default</c>, which is not a valid id.</summary>
    public int Length => _bytes?.Length ?? 0;

    /// <summary>
    /// Returns the id whose bytes are the UTF-8 encoding of a text, even if the text begins with <c>0x</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="ArgumentException">The text is not well-formed: it contains an unpaired surrogate.</exception>
    public static ClientId FromUtf8(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.ToBytes(text));
    }

    /// <summary>Converts the canonical text form of an id, so that no two texts give the same id.</summary>
    /// <param name="text">The text form of the id.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The text is not canonical: it is the hex form of an id that has a text, begins or ends with white space,
    /// contains invisible characters, or is not well-formed. The message contains the canonical form.
    /// </exception>
    public static implicit operator ClientId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.ToOwnBytes(text));
    }

    /// <summary>Parses an id from its text form.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException">
    /// The text begins with <c>0x</c> without valid hex after it, or is not well-formed.
    /// </exception>
    /// <remarks>Also accepts the hex form of an id that has a text.</remarks>
    public static ClientId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.Parse(text));
    }

    /// <inheritdoc/>
    static ClientId IParsable<ClientId>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <summary>Tries to parse an id as <see cref="Parse(string)"/> does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The id; <c>default</c> if this returns false.</param>
    /// <returns>True if the text is an id; otherwise, false.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ClientId id)
    {
        bool isId = KeyText.TryParse(text, out byte[]? bytes);
        id = isId ? new ClientId(bytes!) : default;
        return isId;
    }

    /// <inheritdoc/>
    static bool IParsable<ClientId>.TryParse(string? s, IFormatProvider? provider, out ClientId result) =>
        TryParse(s, out result);

    /// <summary>Returns a copy of the bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    internal string ToLogName(bool hash) => hash ? ToHash() : ToString();

    /// <summary>Returns whether both ids have the same bytes.</summary>
    /// <param name="other">The other id.</param>
    public bool Equals(ClientId other) => CryptographicOperations.FixedTimeEquals(Bytes, other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ClientId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default; // seeded by the process, so that nobody can choose ids that collide
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Compares two ids by their bytes, the order in which stores list ids.</summary>
    /// <param name="other">The other id.</param>
    /// <returns>Less than 0, 0, or greater than 0 if this id sorts before, equals, or sorts after the other.</returns>
    public int CompareTo(ClientId other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>Returns the text form, which is safe to display and log: it contains no invisible characters.</summary>
    public override string ToString() => KeyText.ToDisplay(Bytes);

    /// <summary>
    /// Returns a pseudonym for logs: <c>#</c> and the first half of the SHA-256 of the bytes, in hex.
    /// </summary>
    /// <remarks>It is the same for the same id, so an id that can be guessed can be recognised.</remarks>
    public string ToHash() => "#" + Convert.ToHexString(SHA256.HashData(Bytes).AsSpan(..(SHA256.HashSizeInBytes / 2)));

    /// <summary>Returns whether both ids have the same bytes.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(ClientId left, ClientId right) => left.Equals(right);

    /// <summary>Returns whether two ids differ.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(ClientId left, ClientId right) => !left.Equals(right);

    /// <summary>Returns whether the first id sorts before the second.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Less than 0, 0, or greater than 0 if this id sorts before, equals, or sorts after the other.</returns>
    public static bool operator <(ClientId left, ClientId right) => left.CompareTo(right) < 0;

    /// <summary>Returns whether the first id sorts before the second or equals it.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Less than 0, 0, or greater than 0 if this id sorts before, equals, or sorts after the other.</returns>
    public static bool operator <=(ClientId left, ClientId right) => left.CompareTo(right) <= 0;

    /// <summary>Returns whether the first id sorts after the second.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Less than 0, 0, or greater than 0 if this id sorts before, equals, or sorts after the other.</returns>
    public static bool operator >(ClientId left, ClientId right) => left.CompareTo(right) > 0;

    /// <summary>Returns whether the first id sorts after the second or equals it.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Less than 0, 0, or greater than 0 if this id sorts before, equals, or sorts after the other.</returns>
    public static bool operator >=(ClientId left, ClientId right) => left.CompareTo(right) >= 0;
}
