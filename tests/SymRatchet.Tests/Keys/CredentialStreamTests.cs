using System.Text;

namespace SymRatchet.Tests.Keys;

/// <summary>A credential that comes from no file.</summary>
public sealed class CredentialStreamTests
{
    [Fact]
    public void What_is_written_to_a_stream_is_read_from_one_which_stays_open()
    {
        using var key = PreSharedKey.Generate("sensor-17", "north", KeyEvolution.None);
        using MemoryStream written = new();
        key.WriteCredential(written);
        written.Position = 0;
        using ArrayStream source = new(written, most: 1);
        using var read = PreSharedKey.ReadCredential(source);
        Assert.Equal((key.Id, "north", KeyEvolution.None), (read.Id, read.ServerName, read.Evolution));
        Assert.Equal(key.Secret, read.Secret);
        Assert.False(source.IsDisposed);
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("symratchet credential 1\nid: YQ==\n", "line 3")]
    [InlineData("symratchet credential 2\nid: YQ==\n", "line 1")]
    [InlineData("symratchet key file 1\n", "key file already")]
    public void What_is_no_credential_is_refused(string content, string why)
    {
        using MemoryStream source = new(Encoding.ASCII.GetBytes(content));
        var error = Assert.Throws<FormatException>(() => PreSharedKey.ReadCredential(source));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_is_read_of_a_stream_than_a_credential_may_be_long()
    {
        using MemoryStream source = new(new byte[100_000]);
        var error = Assert.Throws<FormatException>(() => PreSharedKey.ReadCredential(source));
        Assert.Contains("too long", error.Message, StringComparison.Ordinal);
        Assert.Equal(4096, source.Position);
    }

    [Fact]
    public void What_a_stream_throws_comes_through()
    {
        Assert.Throws<ArgumentNullException>(() => PreSharedKey.ReadCredential(null!));
        using FailingStream source = new();
        Assert.Throws<IOException>(() => PreSharedKey.ReadCredential(source));
    }

    private sealed class FailingStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("The pipe is broken.");
    }
}
