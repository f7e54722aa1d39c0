using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using SymRatchet.Crypto;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Crypto;

/// <summary>With the native library, without it, and with one that is not what it should be.</summary>
public sealed class SodiumTests
{
    // A native library that every runtime brings, and that has none of the functions.
    private const string SomeOtherLibrary = "libSystem.Native";

    private const string Switch = "SymRatchet.PlatformCryptographyOnly";

    [Fact]
    public void The_packages_library_is_found() => Assert.True(Sodium.IsAvailable);

    [Fact]
    public void A_library_that_is_not_there_is_not_available() => Assert.False(Sodium.Probe("no-such-library"));

    [Fact]
    public void A_library_without_the_functions_is_not_available()
    {
        Assert.True(NativeLibrary.TryLoad(SomeOtherLibrary, typeof(object).Assembly, searchPath: null, out _));
        Assert.False(Sodium.Probe(SomeOtherLibrary));
    }

    [Fact]
    public async Task Without_the_functions_the_two_sides_agree_on_the_platforms_suite()
    {
        using Isolated library = new();
        Assert.Equal([CipherSuiteId.Aes256Gcm.ToString()], library.SupportedSuites());
        Assert.Equal(CipherSuiteId.Aes256Gcm.ToString(), await library.AgreedSuiteAsync());
        Assert.True(library.Asked, "Nobody asked for the native library.");
    }

    [Fact]
    public async Task With_the_switch_nobody_asks_for_the_library_and_all_is_the_platforms()
    {
        Assert.True(Sodium.IsAvailable); // looked at before the switch is set, which is the process's
        AppContext.SetSwitch(Switch, true);
        try
        {
            using Isolated library = new();
            Assert.Equal(CipherSuiteId.Aes256Gcm.ToString(), await library.AgreedSuiteAsync());
            Assert.False(library.Asked);
        }
        finally
        {
            AppContext.SetSwitch(Switch, false);
        }
    }

    /// <summary>
    /// The library a second time in this process, in a place of its own where the name of libsodium leads to another
    /// file. Its types are not those of this test, so what it does is asked for by name.
    /// </summary>
    private sealed class Isolated : AssemblyLoadContext, IDisposable
    {
        private readonly Assembly _library;
        private readonly Assembly _testKit;

        internal Isolated()
            : base(isCollectible: true)
        {
            _library = LoadFromAssemblyPath(typeof(SecureChannel).Assembly.Location);
            _testKit = LoadFromAssemblyPath(typeof(ChannelPair).Assembly.Location);
        }

        internal bool Asked { get; private set; }

        internal IEnumerable<string> SupportedSuites() =>
            from object suite in (System.Collections.IEnumerable)
                Get(_library.GetType(typeof(CipherSuite).FullName!)!, null, nameof(CipherSuite.All))!
            where (bool)Get(suite.GetType(), suite, nameof(CipherSuite.IsSupported))!
            select Get(suite.GetType(), suite, nameof(CipherSuite.Id))!.ToString();

        internal async Task<string?> AgreedSuiteAsync()
        {
            Type pairs = _testKit.GetType(typeof(ChannelPair).FullName!)!;
            MethodInfo create = pairs
                .GetMethods()
                .Single(m => m.Name == nameof(ChannelPair.CreateAsync) && m.GetParameters().Length == 2);
            Task creating = (Task)
                create.Invoke(
                    null,
                    [Enum.ToObject(create.GetParameters()[0].ParameterType, ChannelProtocol.V1), null]
                )!;
            await creating;
            await using IAsyncDisposable pair = (IAsyncDisposable)
                Get(creating.GetType(), creating, nameof(Task<>.Result))!;
            object channel = Get(pairs, pair, nameof(ChannelPair.Client))!;
            object peer = Get(channel.GetType(), channel, nameof(ISecureChannel.Peer))!;
            return Get(peer.GetType(), peer, nameof(ChannelPeer.Suite))!.ToString();
        }

        public void Dispose() => Unload();

        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == typeof(SecureChannel).Assembly.GetName().Name ? _library : null;

        protected override nint LoadUnmanagedDll(string unmanagedDllName)
        {
            Asked = true;
            return NativeLibrary.Load(SomeOtherLibrary, typeof(object).Assembly, searchPath: null);
        }

        private static object? Get(Type type, object? instance, string property) =>
            type.GetProperty(
                        property,
                        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
                    )!
                .GetValue(instance);
    }
}
