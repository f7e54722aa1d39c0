using System.Buffers.Text;
using System.Security.Cryptography;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Keys;

/// <summary>
/// The text of a key that was written to a file or read from one is nowhere in this process's memory afterwards.
/// </summary>
[Collection(Alone.Name)]
public sealed class ErasedTextTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-erased-").FullName;

    private string Credential => Path.Combine(_folder, "credential");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("write")]
    [InlineData("write to a stream")]
    [InlineData("write to a stream of arrays")]
    [InlineData("read")]
    [InlineData("read a stream of arrays")]
    public void The_text_of_a_credential_is_nowhere_in_memory_afterwards(string step)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var key = PreSharedKey.Generate("a");
        if (step.StartsWith("read", StringComparison.Ordinal))
            WithStackKept(() => key.WriteCredentialFile(Credential), () => 0);
        int left = WithStackKept(
            () =>
            {
                if (step == "write")
                    key.WriteCredentialFile(Credential);
                else if (step == "read")
                    PreSharedKey.FromCredentialFile(Credential).Dispose();
                else if (step == "read a stream of arrays")
                    ReadArrays();
                else if (step == "write to a stream of arrays")
                    key.WriteCredential(new ArrayStream(Stream.Null));
                else
                    key.WriteCredential(Stream.Null);
            },
            () => MemorySearch.Count("key: "u8, HashOfText(key))
        );
        Assert.Equal(0, left);
    }

    [Fact]
    public void The_search_finds_what_is_there()
    {
        if (!OperatingSystem.IsLinux())
            return;
        byte[] left = GC.AllocateArray<byte>(64, pinned: true);
        "key: "u8.CopyTo(left);
        Base64.EncodeToUtf8(RandomNumberGenerator.GetBytes(PreSharedKey.Size), left.AsSpan(5), out _, out _);
        Assert.NotEqual(0, MemorySearch.Count("key: "u8, SHA256.HashData(left.AsSpan(5, MemorySearch.TextLength))));
        CryptographicOperations.ZeroMemory(left);
    }

    private void ReadArrays()
    {
        using FileStream file = new(Credential, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        PreSharedKey.ReadCredential(new ArrayStream(file)).Dispose();
    }

    // The work's thread does next to nothing afterwards, so what the work left on its stack is still there when memory
    // is searched.
    private static int WithStackKept(Action work, Func<int> search)
    {
        int worked = 0;
        int searched = 0;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            failure = Record.Exception(work);
            Volatile.Write(ref worked, 1);
            while (Volatile.Read(ref searched) == 0) { }
        });
        thread.Start();
        while (Volatile.Read(ref worked) == 0)
            Thread.Yield();
        try
        {
            return search();
        }
        finally
        {
            Volatile.Write(ref searched, 1);
            thread.Join();
            Assert.Null(failure);
        }
    }

    private static byte[] HashOfText(PreSharedKey key)
    {
        Span<byte> text = stackalloc byte[MemorySearch.TextLength];
        Base64.EncodeToUtf8(key.Secret, text, out _, out _);
        byte[] hash = SHA256.HashData(text);
        text.Clear();
        return hash;
    }
}
