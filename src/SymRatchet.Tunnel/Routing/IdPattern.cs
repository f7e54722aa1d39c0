namespace SymRatchet.Tunnel.Routing;

/// <summary>A pattern of ids: <c>*</c> for any characters, also none, and <c>?</c> for one.</summary>
internal sealed class IdPattern(string pattern)
{
    internal bool Matches(string id)
    {
        int position = 0;
        int at = 0;
        int star = -1;
        int resume = 0;
        while (position < id.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                // Tries the shortest match of the star first, and comes back here for the next longer one.
                star = at++;
                resume = position;
            }
            else if (at < pattern.Length && (pattern[at] == '?' || pattern[at] == id[position]))
            {
                at++;
                position++;
            }
            else if (star >= 0)
            {
                at = star + 1;
                position = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).TrimStart('*').IsEmpty;
    }
}
