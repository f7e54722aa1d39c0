using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// What is needed of OpenSSL's library for TLS with a pre-shared key over a blocking socket. .NET's own classes know no
/// such key.
/// </summary>
internal static unsafe partial class LibSsl
{
    internal const int Tls12 = 0x0303;
    internal const int Tls13 = 0x0304;

    private const string Library = "libssl.so.3";
    private const int SetLeastVersion = 123;
    private const int SetMostVersion = 124;

    /// <summary>What to say where it is not there, or null.</summary>
    internal static string? Missing { get; } =
        NativeLibrary.TryLoad(Library, out _) ? null : $"{Library} is missing (Debian: apt-get install libssl3)";

    /// <summary>Makes the settings of one end, which may be used by many connections.</summary>
    internal static nint CreateContext(bool isServer, int version, string cipher)
    {
        nint context = ContextNew(isServer ? ServerMethod() : ClientMethod());
        bool isSet =
            ContextControl(context, SetLeastVersion, version, 0) == 1
            && ContextControl(context, SetMostVersion, version, 0) == 1
            && (version == Tls13 ? SetSuites13(context, cipher) : SetSuites12(context, cipher)) == 1;
        if (!isSet)
            throw new IOException($"{Library} refuses {cipher}.");
        if (isServer)
        {
            SetServerCallback(context, &ServerKey);
            _ = SetTickets(context, 0); // no client resumes anything
        }
        else
        {
            SetClientCallback(context, &ClientKey);
        }

        return context;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static uint ClientKey(nint ssl, byte* hint, byte* identity, uint identitySize, byte* key, uint keySize)
    {
        "benchmark\0"u8.CopyTo(new Span<byte>(identity, (int)identitySize));
        return Copy(key, keySize);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static uint ServerKey(nint ssl, byte* identity, byte* key, uint keySize) => Copy(key, keySize);

    private static uint Copy(byte* key, uint keySize)
    {
        RunSecret.Bytes.CopyTo(new Span<byte>(key, (int)keySize));
        return (uint)RunSecret.Bytes.Length;
    }

    [LibraryImport(Library, EntryPoint = "TLS_client_method")]
    private static partial nint ClientMethod();

    [LibraryImport(Library, EntryPoint = "TLS_server_method")]
    private static partial nint ServerMethod();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    private static partial nint ContextNew(nint method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    private static partial nint ContextControl(nint context, int command, nint number, nint pointer);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_ciphersuites", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetSuites13(nint context, string suites);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_cipher_list", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetSuites12(nint context, string suites);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_num_tickets")]
    private static partial int SetTickets(nint context, nint count);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_psk_client_callback")]
    private static partial void SetClientCallback(
        nint context,
        delegate* unmanaged[Cdecl]<nint, byte*, byte*, uint, byte*, uint, uint> callback
    );

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_psk_server_callback")]
    private static partial void SetServerCallback(
        nint context,
        delegate* unmanaged[Cdecl]<nint, byte*, byte*, uint, uint> callback
    );

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    internal static partial nint New(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_set_fd")]
    internal static partial int SetSocket(nint ssl, int socket);

    [LibraryImport(Library, EntryPoint = "SSL_connect")]
    internal static partial int Connect(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_accept")]
    internal static partial int Accept(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_read")]
    internal static partial int Read(nint ssl, byte* buffer, int size);

    [LibraryImport(Library, EntryPoint = "SSL_write")]
    internal static partial int Write(nint ssl, byte* buffer, int size);

    [LibraryImport(Library, EntryPoint = "SSL_shutdown")]
    internal static partial int Shutdown(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_free")]
    internal static partial void Free(nint ssl);
}
