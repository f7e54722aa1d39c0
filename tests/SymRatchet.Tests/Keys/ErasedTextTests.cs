using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Keys;

/// <summary>The text of a key that was written to a file or read from one is nowhere in this process's memory afterwards.</summary>
[Collection(Alone.Name)]
public sealed class ErasedTextTests
{
    [Fact]
    public void The_text_of_a_credential_file_is_nowhere_in_memory_once_it_is_written_and_read()
    {
        if (!OperatingSystem.IsLinux())
            return;
        string folder = Directory.CreateTempSubdirectory("symratchet-erased-").FullName;
        try
        {
            using var key = PreSharedKey.Generate("a");
            byte[] text = WriteAndRead(key, Path.Combine(folder, "credential"));
            Assert.Equal(0, MemorySearch.Count("key: "u8, text));

            // The search itself finds what is there.
            byte[] left = GC.AllocateArray<byte>(64, pinned: true);
            "key: "u8.CopyTo(left);
            Base64.EncodeToUtf8(RandomNumberGenerator.GetBytes(PreSharedKey.Size), left.AsSpan(5), out _, out _);
            Assert.NotEqual(0, MemorySearch.Count("key: "u8, SHA256.HashData(left.AsSpan(5, MemorySearch.TextLength))));
            GC.KeepAlive(left);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // In a frame of its own, so that nothing of it is on the stack when memory is searched.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] WriteAndRead(PreSharedKey key, string path)
    {
        key.WriteCredentialFile(path);
        PreSharedKey.FromCredentialFile(path).Dispose();
        Span<byte> text = stackalloc byte[MemorySearch.TextLength];
        Base64.EncodeToUtf8(key.Secret, text, out _, out _);
        byte[] hash = SHA256.HashData(text);
        text.Clear();
        return hash;
    }
}
