namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// The tests that share one PostgreSQL server; one of them stops it for a while, so they run one after the other.
/// </summary>
[CollectionDefinition(PostgresServer.CollectionName)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>;
