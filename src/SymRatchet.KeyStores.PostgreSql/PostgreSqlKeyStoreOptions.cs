namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>Options of a PostgreSQL key store.</summary>
/// <remarks>
/// They are read when the store is opened; later changes have no effect. Not thread-safe.
/// </remarks>
public sealed class PostgreSqlKeyStoreOptions
{
    private const int MaxSchemaLength = 40;

    /// <summary>
    /// Initializes a new instance of the <see cref="PostgreSqlKeyStoreOptions"/> class with the defaults.
    /// </summary>
    public PostgreSqlKeyStoreOptions() { }

    /// <summary>
    /// Initializes a new instance of the <see cref="PostgreSqlKeyStoreOptions"/> class as a copy; what the options
    /// refer to is shared.
    /// </summary>
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

    /// <summary>Gets or sets what encrypts keys before they leave the process.</summary>
    /// <value>
    /// <see cref="PlaintextKeyWrapper.Instance"/> by default, which does not encrypt them. Read
    /// <c>docs/key-stores.md</c> before you leave it at that.
    /// </value>
    public IKeyWrapper Wrapper { get; set; } = PlaintextKeyWrapper.Instance;

    /// <summary>Gets or sets how long the wrapper may take to answer.</summary>
    /// <value>
    /// 3 seconds by default. The wrapper is called while no connection and no transaction is held, so one that hangs
    /// delays its own callers only.
    /// </value>
    public TimeSpan WrapperTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets or sets the database schema that holds the store.</summary>
    /// <value>
    /// <c>symratchet</c> by default. A lower-case letter, then up to 39 lower-case letters, digits and underscores; not
    /// one that begins with <c>pg_</c>, which PostgreSQL reserves.
    /// </value>
    public string Schema { get; set; } = "symratchet";

    /// <summary>Gets or sets a value indicating whether an unfinished copy of another store may be opened.</summary>
    /// <value>
    /// The default is <see langword="false"/>: clients, or revocations, may be missing in a store into which
    /// <c>symratchet store migrate</c> has copied another in part only. For programs that inspect such a store or
    /// complete it.
    /// </value>
    public bool MayBeUnfinished { get; set; }

    /// <summary>
    /// Gets or sets how long one call may use the database, waiting for a pooled connection included.
    /// </summary>
    /// <value>5 seconds by default; it holds whatever the server does.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets how often a watch looks for revocations by itself, in case a notification is lost.
    /// </summary>
    /// <value>1 second by default.</value>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Returns a copy, which no later change reaches, after checking that all values are in range.</summary>
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
