using System.Security.Cryptography;

namespace SymRatchet.Keys;

/// <summary>
/// The bytes of a key file, and the order in which they are written: a head that says what the file is, then two slots.
/// One slot holds the state; the other is zero except while the state changes. Used by one thread at a time.
/// </summary>
/// <remarks>
/// A credential file becomes a key file without another file: the slots are appended and synced first, then the
/// credential is overwritten with the head. Until a slot is whole the file is the credential, and from then on the
/// store, whatever is left of the credential. The same bytes of the same file are overwritten, so nothing of the
/// credential goes to the free blocks of the file system.
/// </remarks>
internal sealed class KeyFileSlots(IRawFile file, string path) : IDisposable
{
    /// <summary>
    /// Head and slots each have blocks of their own: a write that goes wrong damages its own block at most.
    /// </summary>
    internal const int BlockSize = 4096;

    internal const int FileSize = (2 * BlockSize) + KeyFileSlot.Size;

    private const int FirstSequence = 1;

    private int _current;

    /// <summary>
    /// Reads the state, and finishes what a crash has left unfinished: an old key or a credential is erased before
    /// this returns.
    /// </summary>
    /// <exception cref="KeyStoreException">The file holds no state, or one for others; nothing was changed.</exception>
    internal KeyFileSlot Open(ChannelRole role, bool create, DateTimeOffset now)
    {
        using KeyFileSlot first = ReadSlot(0);
        using KeyFileSlot second = ReadSlot(1);
        if (!first.IsWhole && !second.IsWhole)
            return Begin(role, create, now);

        _current = second.IsWhole && !(first.IsWhole && first.Sequence > second.Sequence) ? 1 : 0;
        (KeyFileSlot state, KeyFileSlot other) = _current == 0 ? (first, second) : (second, first);
        Check(state, role);
        WriteHead(state);
        bool isShort = file.Length < FileSize; // a crash cut the zeros at its end
        if (isShort)
            file.SetLength(FileSize);
        if (isShort || other.Bytes.ContainsAnyExcept((byte)0))
            Erase(1 - _current);
        return state.Copy();
    }

    /// <summary>Refuses to go on with a file that the path does not lead to: nobody would ever read it again.</summary>
    internal void CheckInPlace()
    {
        if (!file.IsInPlace())
            throw new KeyStoreException(
                $"The key file {path} was replaced or removed while a program uses it. Stop the program,"
                    + " put the file back if need be, and start it again."
            );
    }

    /// <summary>
    /// Refuses to write to a file that others wrote to: the next opening would refuse what came of it. Whoever writes
    /// between this and the change is not found out.
    /// </summary>
    internal void CheckUntouched()
    {
        CheckInPlace();
        try
        {
            if (file.Length >= FileSize && HasHead())
                return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The key file {path} cannot be read: {e.Message}", e);
        }

        throw new KeyStoreException(
            $"The key file {path} was overwritten or cut short while a program uses it, and is left as it is. Stop the"
                + " program, put a whole credential there if need be, and start it again."
        );
    }

    /// <summary>
    /// Makes a state the one that counts, then erases the one before it. A crash at any byte leaves one of the two.
    /// </summary>
    internal void Commit(KeyFileSlot next)
    {
        int old = _current;
        file.Write(next.Bytes, OffsetOf(1 - old));
        file.Flush();
        _current = 1 - old;
        Erase(old);
    }

    /// <summary>Writes and waits for the disk as a change does, and changes nothing.</summary>
    internal void Probe() => Erase(1 - _current);

    public void Dispose() => file.Dispose();

    private void Check(KeyFileSlot state, ChannelRole role)
    {
        if (!state.IsOfThisVersion)
            throw new KeyStoreException($"The key file {path} was written by a newer version of this library.");
        if (state.Role != role)
            throw new KeyStoreException(
                $"The key file {path} serves the {state.Role}, not the {role}. A key serves one role only."
            );
        if (state.OddField is { } field)
            throw new KeyStoreException(
                $"The key file {path} is damaged: its {field} is out of range. Give the client a new key."
            );
    }

    // The first state of a file that has none yet: it is a credential, or nothing.
    private KeyFileSlot Begin(ChannelRole role, bool create, DateTimeOffset now)
    {
        Span<byte> content = stackalloc byte[FileSize];
        Span<byte> head = content[..BlockSize];
        KeyFileSlot? state = null;
        try
        {
            file.Read(head, 0);
            state = ReadFirst(head, role, create, now);
            state.Seal(FirstSequence);
            state.Bytes.CopyTo(content[OffsetOf(0)..]);
            _current = 0;

            // Every block is written now, so no later write needs room on the disk.
            int length = head.TrimEnd((byte)0).Length;
            Append(content[length..], length);
            WriteHead(state);
            return state;
        }
        catch
        {
            state?.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private KeyFileSlot ReadFirst(ReadOnlySpan<byte> head, ChannelRole role, bool create, DateTimeOffset now)
    {
        if (file.Length <= FileSize && KeyFileHead.IsCredential(head))
        {
            using PreSharedKey carried = CredentialFile.Parse(path, head.TrimEnd((byte)0));
            using StoredKey key = carried.ImportFor(role);
            var state = KeyFileSlot.Empty(role);
            state.Add(key, now);
            return state;
        }

        if (create && file.Length <= FileSize && !head.ContainsAnyExcept((byte)0))
            return KeyFileSlot.Empty(role);
        throw head.StartsWith(KeyFileHead.FirstLine)
            ? new KeyStoreException(
                $"The key file {path} is damaged: none of its slots is whole. Give the client a new key."
            )
            : new KeyStoreException($"The file {path} is neither a credential nor a key file.");
    }

    private void Append(ReadOnlySpan<byte> content, int offset)
    {
        long length = file.Length;
        try
        {
            file.Write(content, offset);
            file.Flush();
        }
        catch (IOException)
        {
            file.SetLength(length); // the disk is full, say: the credential is as it was
            throw;
        }
    }

    private void WriteHead(KeyFileSlot state)
    {
        Span<byte> head = stackalloc byte[BlockSize];
        try
        {
            file.Read(head, 0);
            if (IsHead(head))
                return;
            if (state.Sequence != FirstSequence || IsOtherCredential(head, state))
                throw new KeyStoreException(
                    $"The key file {path} was overwritten in part: its head is not what it was. If a new credential"
                        + " was meant to replace it, remove the file first, then copy the credential."
                );
            head.Clear();
            KeyFileHead.FirstLine.CopyTo(head);
            file.Write(head, 0);
            file.Flush();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(head);
        }
    }

    private bool HasHead()
    {
        Span<byte> head = stackalloc byte[BlockSize];
        try
        {
            file.Read(head, 0);
            return IsHead(head);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(head); // a credential, perhaps
        }
    }

    private static bool IsHead(ReadOnlySpan<byte> block) =>
        block.StartsWith(KeyFileHead.FirstLine) && !block[KeyFileHead.FirstLine.Length..].ContainsAnyExcept((byte)0);

    // The first state may have a rest of its own credential before it, which need not be whole.
    private bool IsOtherCredential(ReadOnlySpan<byte> head, KeyFileSlot state)
    {
        try
        {
            using PreSharedKey carried = CredentialFile.Parse(path, head.TrimEnd((byte)0));
            using StoredKey key = carried.ImportFor(state.Role);
            return !state.Holds(key);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void Erase(int slot)
    {
        Span<byte> zeros = stackalloc byte[KeyFileSlot.Size];
        zeros.Clear();
        file.Write(zeros, OffsetOf(slot));
        file.Flush();
    }

    private KeyFileSlot ReadSlot(int slot)
    {
        KeyFileSlot read = new();
        file.Read(read.Bytes, OffsetOf(slot));
        return read;
    }

    private static int OffsetOf(int slot) => BlockSize * (1 + slot);
}
