using System.Security.Cryptography;

namespace SymRatchet.Keys;

/// <summary>
/// The layout of a key file and the order of its writes: a head that identifies the file, then two slots. One slot
/// holds the state; the other is zero except during a change. Not thread-safe.
/// </summary>
/// <remarks>
/// A credential file becomes a key file in place: the slots are appended and synced first, then the credential is
/// overwritten with the head. Until a slot is complete the file is the credential, and from then on the store, even if
/// parts of the credential remain. Overwriting the same bytes leaves none of them in the free blocks of the file
/// system.
/// </remarks>
internal sealed class KeyFileSlots(IRawFile file, string path) : IDisposable
{
    /// <summary>
    /// The block size: head and slots have separate blocks, so a failed write damages only its own block.
    /// </summary>
    internal const int BlockSize = 4096;

    internal const int FileSize = (2 * BlockSize) + KeyFileSlot.Size;

    private const int FirstSequence = 1;

    private int _current;

    /// <summary>
    /// Reads the state and completes an interrupted change: an old key or a credential is erased before this returns.
    /// </summary>
    /// <exception cref="KeyStoreException">
    /// The file holds no state, or one of another role or version. Nothing was changed.
    /// </exception>
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

    /// <summary>Throws if the path no longer refers to the open file, whose changes would then be lost.</summary>
    internal void CheckInPlace()
    {
        if (!file.IsInPlace())
            throw new KeyStoreException(
                $"The key file {path} was replaced or removed while a program uses it. Stop the program,"
                    + " restore the file if necessary, and start it again."
            );
    }

    /// <summary>
    /// Throws if another program wrote to the file, because the next opening would reject the result. A write between
    /// this check and the change is not detected.
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
                + " program, put a complete credential there if necessary, and start it again."
        );
    }

    /// <summary>Writes a new state, then erases the old one. A crash at any byte leaves one of the two.</summary>
    internal void Commit(KeyFileSlot next)
    {
        int old = _current;
        file.Write(next.Bytes, OffsetOf(1 - old));
        file.Flush();
        _current = 1 - old;
        Erase(old);
    }

    /// <summary>Writes and syncs as a change does, without changing the state.</summary>
    internal void Probe() => Erase(1 - _current);

    public void Dispose() => file.Dispose();

    private void Check(KeyFileSlot state, ChannelRole role)
    {
        if (!state.IsOfThisVersion)
            throw new KeyStoreException($"The key file {path} was written by a newer version of this library.");
        if (state.Role != role)
            throw new KeyStoreException(
                $"The key file {path} serves the {state.Role}, not the {role}. A key serves one role only."
            )
            {
                IsWrongRole = true,
            };
        if (state.InvalidField is { } field)
            throw new KeyStoreException(
                $"The key file {path} is damaged: its {field} is out of range. Give the client a new key."
            );
    }

    // Creates the first state, from a credential or an empty file.
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

            // Every block is written now, so no later write needs free disk space.
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
                $"The key file {path} is damaged: none of its slots is complete. Give the client a new key."
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
            file.SetLength(length); // for example, the disk is full: the credential is unchanged
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
            CryptographicOperations.ZeroMemory(head); // it may be a credential
        }
    }

    private static bool IsHead(ReadOnlySpan<byte> block) =>
        block.StartsWith(KeyFileHead.FirstLine) && !block[KeyFileHead.FirstLine.Length..].ContainsAnyExcept((byte)0);

    // Before the first state there may be a partly overwritten copy of its own credential.
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
