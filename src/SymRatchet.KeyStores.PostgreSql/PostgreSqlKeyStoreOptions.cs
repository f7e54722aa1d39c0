namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// How a PostgreSQL key store behaves. Read when the store is opened; later changes change nothing. Not thread-safe.
/// </summary>
public sealed class PostgreSqlKeyStoreOptions
{
    private const int MaxSchemaLength = 40;

    /// <summary>Makes options with defaults.</summary>
    public PostgreSqlKeyStoreOptions() { }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public PostgreSqlKeyStoreOptions(PostgreSqlKeyStoreOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Wrapper = other.Wrapper;
        WrapperTimeout = other.WrapperTimeout;
        Schema = other.Schema;
        MayBeUnfinished = other.MayBeUnfinished;
        Timeout = other.Timeout;
        WatchInterval = other.WatchInterval;
    }

    /// <summary>
    /// What encrypts keys before they leave the process; by default nothing does. Read <c>docs/key-stores.md</c> before
    /// you leave it at that.
    /// </summary>
    public IKeyWrapper Wrapper { get; set; } = PlaintextKeyWrapper.Instance;

    /// <summary>
    /// How long the wrapper may take to answer, 3 seconds by default. It is asked while no connection and no
    /// transaction is held, so one that hangs holds up its own callers only.
    /// </summary>
    public TimeSpan WrapperTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The database schema that holds the store, <c>symratchet</c> by default: a lower-case letter, then up to 39
    /// lower-case letters, digits and underscores. Not one that begins with <c>pg_</c>; those are PostgreSQL's own.
    /// </summary>
    public string Schema { get; set; } = "symratchet";

    /// <summary>
    /// Whether a store is opened into which <c>symratchet store migrate</c> has copied another in part only. Off by
    /// default: clients, or revocations, may be missing in it. For programs that look at such a store or complete it.
    /// </summary>
    public bool MayBeUnfinished { get; set; }

    /// <summary>
    /// How long one call may use the database at most, waiting for a pooled connection included, whatever the server
    /// does; 5 seconds by default.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a watch looks for revocations by itself, should a notification be lost; 1 second by default.
    /// </summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A copy that was found to be in range, which no later change reaches.</summary>
    internal PostgreSqlKeyStoreOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Wrapper);
        ArgumentNullException.ThrowIfNull(Schema);

        // The name becomes part of statements, where it cannot be a parameter.
        if (
            Schema.Length is 0 or > MaxSchemaLength
            || !char.IsAsciiLetterLower(Schema[0])
            || !Schema.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
        )
            throw new ArgumentException(
                $"{nameof(Schema)} must be a lower-case letter, then up to {MaxSchemaLength - 1} lower-case letters, "
                    + "digits and underscores."
            );
        if (Schema.StartsWith("pg_", StringComparison.Ordinal))
            throw new ArgumentException(
                $"{nameof(Schema)} must not begin with pg_; such schemas are PostgreSQL's own."
            );
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it must be 100 milliseconds to 1 minute.");
        if (WrapperTimeout < TimeSpan.FromMilliseconds(100) || WrapperTimeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException(
                $"{nameof(WrapperTimeout)} is {WrapperTimeout}; it must be 100 milliseconds to 1 minute."
            );
        if (WatchInterval < TimeSpan.FromMilliseconds(10) || WatchInterval > TimeSpan.FromSeconds(1))
            throw new ArgumentException(
                $"{nameof(WatchInterval)} is {WatchInterval}; it must be 10 milliseconds to 1 second."
            );
        return new PostgreSqlKeyStoreOptions(this);
    }
}
