using FsCheck;
using FsCheck.Xunit;

namespace SymRatchet.PropertyTests.Keys;

/// <summary>An id is its bytes, and has one text that is it alone.</summary>
public sealed class ClientIdProperties
{
    [Property(MaxTest = 2000)]
    public bool The_text_of_an_id_is_the_id(byte[] bytes)
    {
        ClientId id = new(bytes);
        ClientId read = id.ToString();
        return read == id
            && ClientId.Parse(id.ToString()) == id
            && ClientId.TryParse(id.ToString(), out ClientId tried)
            && tried == id;
    }

    [Property(MaxTest = 2000)]
    public bool No_two_texts_are_one_id(NonNull<string> text, bool isHex)
    {
        string written = isHex ? "0x" + Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text.Get)) : text.Get;
        try
        {
            ClientId id = written;
            return id.ToString() == written;
        }
        catch (ArgumentException)
        {
            return true; // nothing is written so
        }
    }

    [Property(MaxTest = 2000)]
    public bool Ids_are_compared_as_their_bytes(byte[] one, byte[] two, bool areSame)
    {
        byte[] second = areSame ? [.. one] : two;
        ClientId a = new(one);
        ClientId b = new(second);
        bool isEqual = one.AsSpan().SequenceEqual(second);
        int order = one.AsSpan().SequenceCompareTo(second);
        return (a == b) == isEqual
            && (a != b) != isEqual
            && a.Equals((object)b) == isEqual
            && (!isEqual || a.GetHashCode() == b.GetHashCode())
            && Math.Sign(a.CompareTo(b)) == Math.Sign(order)
            && (a < b, a <= b, a > b, a >= b) == (order < 0, order <= 0, order > 0, order >= 0);
    }

    [Property(MaxTest = 500)]
    public bool An_id_keeps_its_bytes_whatever_becomes_of_the_array(byte[] bytes)
    {
        byte[] mine = [.. bytes];
        ClientId id = new(mine);
        Array.Fill(mine, (byte)7);
        Array.Fill(id.ToArray(), (byte)7);
        return id.Bytes.SequenceEqual(bytes) && id.Length == bytes.Length;
    }
}
