using System.Diagnostics;

namespace SymRatchet.Tests.Keys;

/// <summary>Credential files are for their owner alone, whatever is done to the name meanwhile.</summary>
public sealed class OwnerOnlyFileTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Open =
        Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-owner-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task No_file_that_others_may_write_is_read_however_files_are_swapped_under_the_name()
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = Make("credential", "honest");
        string open = Make("open", "planted");
        File.SetUnixFileMode(open, Open);
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(3));
        Task swapping = Task.Run(() =>
        {
            string aside = PathOf("aside");
            while (!end.IsCancellationRequested)
            {
                File.Move(path, aside);
                File.Move(open, path);
                File.Move(path, open);
                File.Move(aside, path);
            }
        });
        int honest = 0;
        int planted = 0;
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var key = PreSharedKey.FromCredentialFile(path);
                if (key.ToString().Contains("planted", StringComparison.Ordinal))
                    planted++;
                else
                    honest++;
            }
            catch (IOException)
            {
                // The name was free for a moment, or the file behind it was refused.
            }
        }

        await swapping;
        Assert.Equal(0, planted);
        Assert.NotEqual(0, honest);
    }

    [Theory]
    [InlineData("link", "symbolic link")]
    [InlineData("pipe", "regular file")]
    [InlineData("folder", "regular file")]
    [InlineData("device", "regular file")]
    public async Task What_is_not_a_file_is_told_at_once(string kind, string reason)
    {
        if (!OperatingSystem.IsLinux())
            return;
        string path = kind == "device" ? "/dev/zero" : PathOf(kind);
        if (kind == "link")
            File.CreateSymbolicLink(path, Make("credential", "a"));
        else if (kind == "pipe")
            await RunAsync("mkfifo", "-m", "600", path);
        else if (kind == "folder")
            Directory.CreateDirectory(path, Private | UnixFileMode.UserExecute);
        Task<IOException> refusal = Task.Run(() =>
            Assert.ThrowsAny<IOException>(() => PreSharedKey.FromCredentialFile(path))
        );
        Assert.Contains(reason, (await refusal.WaitAsync(TimeSpan.FromSeconds(20))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_user_is_refused()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return; // who is not root cannot give a file away, nor read one of another's that is private
        string path = Make("credential", "a");
        await RunAsync("chown", "12345", path);
        Assert.Contains(
            "another user (12345)",
            Assert.ThrowsAny<IOException>(() => PreSharedKey.FromCredentialFile(path)).Message,
            StringComparison.Ordinal
        );
        await RunAsync("chown", "0", path);
        PreSharedKey.FromCredentialFile(path).Dispose();
    }

    [Theory]
    [InlineData(Private | UnixFileMode.GroupRead)]
    [InlineData(Private | UnixFileMode.OtherWrite)]
    [InlineData(Private | UnixFileMode.GroupExecute)]
    public void A_file_that_others_may_use_is_refused(UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = Make("credential", "a");
        File.SetUnixFileMode(path, mode);
        Assert.Contains(
            "chmod 600",
            Assert.ThrowsAny<IOException>(() => PreSharedKey.FromCredentialFile(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_is_private_from_its_first_byte_and_takes_the_place_of_none()
    {
        string path = Make("credential", "a");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(Private, File.GetUnixFileMode(path));
        byte[] before = File.ReadAllBytes(path);
        using var key = PreSharedKey.Generate("b");
        Assert.ThrowsAny<IOException>(() => key.WriteCredentialFile(path));
        Assert.Equal(before, File.ReadAllBytes(path));

        if (OperatingSystem.IsWindows())
            return;
        File.CreateSymbolicLink(PathOf("link"), PathOf("elsewhere"));
        Assert.ThrowsAny<IOException>(() => key.WriteCredentialFile(PathOf("link")));
        Assert.False(File.Exists(PathOf("elsewhere")));
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_as_that() =>
        Assert.Throws<FileNotFoundException>(() => PreSharedKey.FromCredentialFile(PathOf("nothing")));

    [Fact]
    public void The_longest_credential_is_read_and_a_longer_file_is_not()
    {
        string path = PathOf("credential");
        using (var key = PreSharedKey.Generate(new string('i', 255), new string('s', 255)))
            key.WriteCredentialFile(path);
        using (var key = PreSharedKey.FromCredentialFile(path))
            Assert.Equal(255, key.ServerName.Length);
        File.AppendAllText(path, new string('\n', 4096));
        Assert.Contains(
            "too long",
            Assert.Throws<FormatException>(() => PreSharedKey.FromCredentialFile(path)).Message,
            StringComparison.Ordinal
        );
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string Make(string name, string id)
    {
        using var key = PreSharedKey.Generate(id);
        key.WriteCredentialFile(PathOf(name));
        return PathOf(name);
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
