using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>The same where it is not the file, but what wraps the keys, that does not answer or fails.</summary>
public sealed class WrappedSqliteFaultTests : SqliteFaultTests
{
    private readonly GatedWrapper _wrapper = new();

    private protected override SqliteKeyStoreOptions Options =>
        new(base.Options) { Wrapper = _wrapper, WrapperTimeout = TimeSpan.FromSeconds(2) };

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _wrapper.Dispose();
    }

    private protected override async ValueTask<Func<Task>?> BreakAsync(StoreFault fault) =>
        _wrapper.Break(fault) ?? await base.BreakAsync(fault);
}

/// <summary>The same where it is not the database.</summary>
public sealed class WrappedPostgreSqlFaultTests(PostgresServer server) : PostgreSqlFaultTests(server), IDisposable
{
    private readonly GatedWrapper _wrapper = new();

    private protected override PostgreSqlKeyStoreOptions Options =>
        new(base.Options) { Wrapper = _wrapper, WrapperTimeout = TimeSpan.FromSeconds(2) };

    public void Dispose() => _wrapper.Dispose();

    private protected override async ValueTask<Func<Task>?> BreakAsync(StoreFault fault) =>
        _wrapper.Break(fault) ?? await base.BreakAsync(fault);
}
