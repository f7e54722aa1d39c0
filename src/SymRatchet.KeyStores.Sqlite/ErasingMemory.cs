using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Has SQLite erase the memory that it frees: pages, records and values, which hold keys. It is a setting of the whole
/// process, and possible only before SQLite is used in it for the first time.
/// </summary>
internal static unsafe partial class ErasingMemory
{
    private const string Library = "e_sqlite3";
    private const int SetMethods = 4;
    private const int GetMethods = 5;

    private static Methods _original;

    /// <summary>Gets whether SQLite erases its memory in this process.</summary>
    internal static bool IsOn { get; } = TurnOn();

    private static bool TurnOn()
    {
        // On these an argument of a variadic function is passed like any other. SQLite keeps the methods for as long as
        // the process runs, so they must not be unloaded.
        if (
            !OperatingSystem.IsLinux()
            || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64)
            || typeof(ErasingMemory).Assembly.IsCollectible
        )
            return false;
        RuntimeHelpers.RunClassConstructor(typeof(SqliteConnection).TypeHandle); // it chooses the native library
        try
        {
            Methods methods;
            if (Configure(GetMethods, &methods) != 0)
                return false; // SQLite is in use
            _original = methods;
            methods.Free = &Free;
            methods.Resize = &Resize;
            return Configure(SetMethods, &methods) == 0; // which copies them
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false; // the process has another build of SQLite
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(void* block)
    {
        if (block is null)
            return;
        NativeMemory.Clear(block, (nuint)_original.Size(block));
        _original.Free(block);
    }

    // The original would free the old block as it is where the new one is elsewhere.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* Resize(void* block, int size)
    {
        void* resized = _original.Allocate(size);
        if (resized is null)
            return null; // the old one stays its owner's
        int old = _original.Size(block);
        NativeMemory.Copy(block, resized, (nuint)Math.Min(old, size));
        NativeMemory.Clear(block, (nuint)old);
        _original.Free(block);
        return resized;
    }

    [LibraryImport(Library, EntryPoint = "sqlite3_config")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int Configure(int option, Methods* methods);

    /// <summary>SQLite's <c>sqlite3_mem_methods</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Methods
    {
        internal delegate* unmanaged[Cdecl]<int, void*> Allocate;
        internal delegate* unmanaged[Cdecl]<void*, void> Free;
        internal delegate* unmanaged[Cdecl]<void*, int, void*> Resize;
        internal delegate* unmanaged[Cdecl]<void*, int> Size;
        internal nint RoundUp;
        internal nint Initialize;
        internal nint ShutDown;
        internal nint Data;
    }
}
