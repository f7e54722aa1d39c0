using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SymRatchet.Tool.Bench;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace SymRatchet.Tool.Doctor;

/// <summary>What the library needs of the machine and the system.</summary>
internal static unsafe class MachineChecks
{
    private const int FewFiles = 4096;
    private const int FirstYear = 2025;

    internal static IEnumerable<Check> All()
    {
        yield return CheckLibrary();
        yield return CheckSuites();
        yield return CheckAes();
        yield return CheckClock();
        if (OperatingSystem.IsLinux())
            yield return CheckOpenFiles();
    }

    private static Check CheckLibrary()
    {
        const string name = "libsodium";
        const string advice =
            "deploy the native library that the package brings for this system, or install the system's libsodium of "
            + "version 1.0.19 or later; until then only the suite Aes256Gcm can be used";
        if (!NativeLibrary.TryLoad(name, typeof(SecureChannel).Assembly, searchPath: null, out nint library))
            return Check.Warn(name, "the native library cannot be loaded", advice);
        string version = NativeLibrary.TryGetExport(library, "sodium_version_string", out nint function)
            ? Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)function)()) ?? "unknown"
            : "unknown";
        return LocalBench.IsSupported(CipherSuiteId.Aegis256)
            ? Check.Ok(name, $"version {version}")
            : Check.Warn(name, $"version {version} has no AEGIS-256", advice);
    }

    private static Check CheckSuites()
    {
        const string name = "suites";
        CipherSuiteId[] suites =
        [
            .. Enum.GetValues<CipherSuiteId>()
                .Where(suite => suite != CipherSuiteId.None && LocalBench.IsSupported(suite)),
        ];
        return suites.Length > 0
            ? Check.Ok(name, string.Join(", ", suites))
            : Check.Fail(
                name,
                "this machine supports none",
                AesGcm.IsSupported ? "see docs/choosing-a-suite.md" : "install libsodium, or OpenSSL 3 for AES-GCM"
            );
    }

    private static Check CheckAes()
    {
        const string name = "AES hardware";
        return X86.Aes.IsSupported || Arm.Aes.IsSupported
            ? Check.Ok(name, "the processor has AES instructions")
            : Check.Warn(
                name,
                "the processor has no AES instructions, or they are hidden by its virtual machine",
                "let servers prefer the suite ChaCha20Poly1305; 'symratchet bench --local' shows what each suite does"
            );
    }

    // No handshake depends on the clock, but logs and what a store notes do.
    private static Check CheckClock()
    {
        const string name = "clock";
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string finding = now.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return now.Year >= FirstYear
            ? Check.Ok(name, finding)
            : Check.Warn(name, $"{finding} is long past", "set the clock: logs and the times in key stores are of it");
    }

    // The runtime raises the soft limit to the hard one.
    private static Check CheckOpenFiles()
    {
        const string name = "open files";
        const string line = "Max open files";
        string? limits = File.Exists("/proc/self/limits")
            ? Array.Find(
                File.ReadAllLines("/proc/self/limits"),
                text => text.StartsWith(line, StringComparison.Ordinal)
            )
            : null;
        if (limits?[line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, var limit, ..])
            return Check.Ok(name, "the limit is not known here");
        return !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int most) || most >= FewFiles
            ? Check.Ok(name, $"the limit is {limit}")
            : Check.Warn(
                name,
                $"the limit is {limit}, and each connection of a server is one",
                "raise it: LimitNOFILE= of a systemd unit, or 'ulimit -Hn' of the shell that starts the server"
            );
    }
}
