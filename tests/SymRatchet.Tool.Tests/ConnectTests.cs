using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary>
/// <c>symratchet connect</c> as a process: what comes in goes out, each direction ends by itself, and an end that is
/// not one is an exit code.
/// </summary>
public sealed class ConnectTests : IDisposable
{
    private const int Size = 64 << 20;

    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sixty_four_megabytes_go_out_and_come_back_and_every_byte_arrives()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        string file = _folder.PathOf("big");
        byte[] content = RandomNumberGenerator.GetBytes(Size);
        await File.WriteAllBytesAsync(file, content);
        using ToolProcess tool = ToolProcess.StartShell(
            $"cat '{file}' | symratchet connect {server.Address} --key '{server.Credential}' | cat"
        );
        byte[] hash = await SHA256.HashDataAsync(tool.Output).AsTask().WaitAsync(ToolProcess.Limit);
        Assert.Equal((0, ""), await tool.EndAsync());
        Assert.Equal(SHA256.HashData(content), hash);
    }

    [Fact]
    public async Task A_byte_is_passed_on_at_once()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        using ToolProcess tool = ToolProcess.Start("connect", server.Address, "--key", server.Credential);
        byte[] one = new byte[1];
        for (int value = 0; value < 256; value++)
        {
            await tool.Input.WriteAsync(new[] { (byte)value });
            await tool.Input.FlushAsync();
            await tool.Output.ReadExactlyAsync(one).AsTask().WaitAsync(ToolProcess.Limit);
            Assert.Equal(value, one[0]);
        }

        tool.Input.Close();
        Assert.Equal((0, ""), await tool.EndAsync());
    }

    [Fact]
    public async Task The_end_of_standard_input_is_passed_on_and_the_answer_comes_after_it()
    {
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
            {
                byte[] hash = await SHA256.HashDataAsync(channel.AsStream(leaveOpen: true), cancellationToken);
                await channel.SendAsync(hash, cancellationToken);
                await channel.CloseAsync(cancellationToken);
            }
        );
        using ToolProcess tool = ToolProcess.Start("connect", server.Address, "--key", server.Credential);
        await tool.Input.WriteAsync("until the end"u8.ToArray());
        tool.Input.Close();
        using MemoryStream answer = new();
        await tool.Output.CopyToAsync(answer).WaitAsync(ToolProcess.Limit);
        Assert.Equal((0, ""), await tool.EndAsync());
        Assert.Equal(SHA256.HashData("until the end"u8), answer.ToArray());
    }

    [Fact]
    public async Task Standard_output_ends_with_the_servers_direction_while_standard_input_goes_on()
    {
        TaskCompletionSource<byte[]> got = new();
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
            {
                await channel.SendAsync("all that I say"u8.ToArray(), cancellationToken);
                await channel.CloseAsync(cancellationToken);
                got.SetResult((await channel.ReceiveMessageAsync(cancellationToken))!);
                Assert.Null(await channel.ReceiveMessageAsync(cancellationToken));
            }
        );
        using ToolProcess tool = ToolProcess.Start("connect", server.Address, "--key", server.Credential);
        Assert.Equal("all that I say", await tool.Lines.ReadToEndAsync().WaitAsync(ToolProcess.Limit));
        await tool.Input.WriteAsync("later"u8.ToArray());
        tool.Input.Close();
        Assert.Equal((0, ""), await tool.EndAsync());
        Assert.Equal("later"u8.ToArray(), await got.Task);
    }

    [Fact]
    public async Task A_server_that_is_killed_in_mid_transfer_is_an_exit_code()
    {
        await _folder.ProvisionAsync();
        int port = ToolProcess.FreePort();
        using ToolProcess server = ToolProcess.Start(
            "bench",
            "--serve",
            $"127.0.0.1:{port}",
            "--store",
            _folder.Server
        );
        Assert.Contains("serving", await server.Lines.ReadLineAsync(), StringComparison.Ordinal);
        using ToolProcess tool = ToolProcess.Start(
            "connect",
            $"127.0.0.1:{port}",
            "--key",
            _folder.PathOf("credential")
        );
        _ = Task.Run(() =>
            tool.Input.WriteAsync("""{"test":"Download","seconds":60,"size":65536}"""u8.ToArray()).AsTask()
        );
        await tool.Output.ReadExactlyAsync(new byte[1 << 20]).AsTask().WaitAsync(ToolProcess.Limit);
        server.Kill();
        _ = tool.Output.CopyToAsync(Stream.Null);
        (int exitCode, string error) = await tool.EndAsync();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: ", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_ends_without_a_close_is_an_exit_code()
    {
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
                await channel.SendAsync("the first half"u8.ToArray(), cancellationToken)
        );
        using ToolProcess tool = ToolProcess.Start("connect", server.Address, "--key", server.Credential);
        Assert.Equal("the first half", await tool.Lines.ReadToEndAsync().WaitAsync(ToolProcess.Limit));
        (int exitCode, string error) = await tool.EndAsync();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: ", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_goes_away_is_an_exit_code_and_an_error_to_the_server()
    {
        TaskCompletionSource<Exception> failure = new();
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
            {
                try
                {
                    while (true)
                        await channel.SendAsync(new byte[65536], cancellationToken);
                }
                catch (Exception e)
                {
                    failure.SetResult(e);
                    throw;
                }
            }
        );
        using ToolProcess tool = ToolProcess.StartShell(
            $"symratchet connect {server.Address} --key '{server.Credential}' | head -c 100000 >/dev/null"
        );
        Assert.IsType<SecureChannelException>(await failure.Task.WaitAsync(ToolProcess.Limit));
        Assert.Equal(
            (1, "error: standard output cannot be written: its reader has closed it before the end\n"),
            await tool.EndAsync()
        );
    }

    [Fact]
    public async Task An_interrupt_is_an_error_to_the_server()
    {
        TaskCompletionSource<Exception?> end = new();
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
            {
                await channel.SendAsync("here"u8.ToArray(), cancellationToken);
                end.SetResult(
                    await Record.ExceptionAsync(() => channel.ReceiveMessageAsync(cancellationToken).AsTask())
                );
            }
        );
        using ToolProcess tool = ToolProcess.Start("connect", server.Address, "--key", server.Credential);
        await tool.Output.ReadExactlyAsync(new byte[4]);
        tool.Interrupt();
        Assert.Equal((130, "error: interrupted\n"), await tool.EndAsync());
        Assert.IsType<SecureChannelException>(await end.Task.WaitAsync(ToolProcess.Limit));
    }

    [Fact]
    public async Task Several_at_once_share_one_key_file()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        ToolProcess[] tools =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => ToolProcess.Start("connect", server.Address, "--key", server.Credential)),
        ];
        try
        {
            // All of them are open at the same time.
            foreach (ToolProcess tool in tools)
            {
                await tool.Input.WriteAsync("x"u8.ToArray());
                await tool.Input.FlushAsync();
                await tool.Output.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(ToolProcess.Limit);
            }

            foreach (ToolProcess tool in tools)
            {
                tool.Input.Close();
                Assert.Equal((0, ""), await tool.EndAsync());
            }
        }
        finally
        {
            Array.ForEach(tools, tool => tool.Dispose());
        }
    }

    [Fact]
    public async Task A_Unix_socket_and_a_SQLite_store_will_do()
    {
        string socket = _folder.PathOf("socket");
        await using ServedChannels server = new(
            _folder,
            ServedChannels.EchoAsync,
            new UnixDomainSocketEndPoint(socket)
        );
        string store = _folder.PathOf("client.keys");
        await ToolRun.GoodAsync("store", "init", "--store", store, "--role", "Client");
        await ToolRun.GoodAsync(
            "key",
            "add",
            ToolFolder.Name,
            "--store",
            store,
            "--role",
            "Client",
            "--credential",
            server.Credential
        );
        using ToolProcess tool = ToolProcess.Start(
            "connect",
            $"unix:{socket}",
            "--key",
            store,
            "--id",
            ToolFolder.Name
        );
        await tool.Input.WriteAsync("by another way"u8.ToArray());
        tool.Input.Close();
        Assert.Equal("by another way", await tool.Lines.ReadToEndAsync().WaitAsync(ToolProcess.Limit));
        Assert.Equal((0, ""), await tool.EndAsync());
        await ToolRun.BadAsync(2, "--id ID", "connect", $"unix:{socket}", "--key", store);
    }

    [Fact]
    public async Task What_cannot_be_connected_is_one_line_and_an_exit_code()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        string wrong = _folder.PathOf("wrong.credential");
        await ToolRun.GoodAsync("keygen", ToolFolder.Name, "--out", wrong);
        await ToolRun.BadAsync(1, "(Refused)", "connect", server.Address, "--key", wrong);
        await ToolRun.BadAsync(1, "There is no key file", "connect", server.Address, "--key", _folder.PathOf("none"));
        await ToolRun.BadAsync(
            1,
            "cannot connect to 127.0.0.1:",
            "connect",
            $"127.0.0.1:{ToolProcess.FreePort()}",
            "--key",
            server.Credential
        );
        foreach (string address in (string[])["server", "server:", "server:0", "::1:99", "[::1]", "a/b:99", "unix:"])
            await ToolRun.BadAsync(2, "is not an end point", "connect", address, "--key", server.Credential);
    }
}
