using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>
/// The id of a client: bytes, compared as bytes, with one text form for people, logs and claims. Every different id has
/// a different text, which <see cref="Parse(string)"/> reads back. Ids that can be used are 1 to 255 bytes long;
/// whatever takes one checks that. Immutable.
/// </summary>
/// <remarks>
/// The text form is the id's UTF-8 text, or <c>0x</c> and its bytes in hex where they are no text, or text with
/// characters that are not seen, or text that itself begins with <c>0x</c>. Protocol 1, section 3.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public readonly struct ClientId : IEquatable<ClientId>, IComparable<ClientId>, IParsable<ClientId>
{
    private readonly byte[]? _bytes;

    /// <summary>An id of these bytes, which are copied.</summary>
    /// <param name="bytes">The bytes, whatever they are.</param>
    public ClientId(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    private ClientId(byte[] owned) => _bytes = owned;

    /// <summary>The bytes of the id, as they travel and stand in stores.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The id's length in bytes; 0 for <c>default</c>, which is nobody's id.</summary>
    public int Length => _bytes?.Length ?? 0;

    /// <summary>
    /// The id that is the UTF-8 of a text, whatever stands in it: also text that begins with <c>0x</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text is not well-formed: it has half of a surrogate pair.</exception>
    public static ClientId FromUtf8(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.ToBytes(text));
    }

    /// <summary>The id whose <see cref="ToString"/> is this text, so that two texts are never one id.</summary>
    /// <param name="text">The text form of the id.</param>
    /// <exception cref="ArgumentException">
    /// No id is written so: it is hex of an id that has a text, begins or ends with white space, has characters that
    /// are not seen, or is not well-formed. The message says how the id is written.
    /// </exception>
    public static implicit operator ClientId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.ToOwnBytes(text));
    }

    /// <summary>
    /// Reads what <see cref="ToString"/> wrote, or a person: also an id that has a text may be written as <c>0x</c> and
    /// hex here.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">
    /// It begins with <c>0x</c> and hex does not follow, or is not well-formed text.
    /// </exception>
    public static ClientId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClientId(KeyText.Parse(text));
    }

    /// <inheritdoc/>
    static ClientId IParsable<ClientId>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <summary>Reads an id as <see cref="Parse(string)"/> does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The id; <c>default</c> where this returns false.</param>
    /// <returns>False where the text is no id.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ClientId id)
    {
        bool isId = KeyText.TryParse(text, out byte[]? bytes);
        id = isId ? new ClientId(bytes!) : default;
        return isId;
    }

    /// <inheritdoc/>
    static bool IParsable<ClientId>.TryParse(string? s, IFormatProvider? provider, out ClientId result) =>
        TryParse(s, out result);

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <summary>Whether both have the same bytes.</summary>
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

    /// <summary>By bytes, the order in which stores list ids.</summary>
    /// <param name="other">The other id.</param>
    public int CompareTo(ClientId other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>The text form, which may be shown and logged: it holds no character that is not seen.</summary>
    public override string ToString() => KeyText.ToDisplay(Bytes);

    /// <summary>
    /// A name for logs that must not show ids: <c>#</c> and the first half of the SHA-256 of the bytes, in hex. It is
    /// the same for the same id, so an id that can be guessed can be recognised.
    /// </summary>
    public string ToHash() => "#" + Convert.ToHexString(SHA256.HashData(Bytes).AsSpan(..(SHA256.HashSizeInBytes / 2)));

    /// <summary>Whether both have the same bytes.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(ClientId left, ClientId right) => left.Equals(right);

    /// <summary>Whether they differ in a byte or in length.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(ClientId left, ClientId right) => !left.Equals(right);

    /// <summary>Whether the first comes before the second, by bytes.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(ClientId left, ClientId right) => left.CompareTo(right) < 0;

    /// <summary>Whether the first comes before the second, by bytes, or is it.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(ClientId left, ClientId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the first comes after the second, by bytes.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(ClientId left, ClientId right) => left.CompareTo(right) > 0;

    /// <summary>Whether the first comes after the second, by bytes, or is it.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(ClientId left, ClientId right) => left.CompareTo(right) >= 0;
}
