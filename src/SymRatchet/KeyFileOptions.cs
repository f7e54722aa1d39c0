namespace SymRatchet;

/// <summary>Provides the options of a <see cref="KeyFile"/>.</summary>
/// <remarks>Copied when the file is opened; later changes have no effect. Not thread-safe.</remarks>
public sealed class KeyFileOptions
{
    /// <summary>Initializes a new instance of the <see cref="KeyFileOptions"/> class with the defaults.</summary>
    public KeyFileOptions() { }

    /// <summary>Initializes a new instance of the <see cref="KeyFileOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <remarks>Referenced objects are shared.</remarks>
    public KeyFileOptions(KeyFileOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        CreateIfMissing = other.CreateIfMissing;
        Timeout = other.Timeout;
        TimeProvider = other.TimeProvider;
    }

    /// <summary>
    /// Gets or sets whether a file that does not exist, or is empty, becomes a key file without an identity.
    /// </summary>
    /// <value>The default is false, so that a wrong path is an error.</value>
    public bool CreateIfMissing { get; set; }

    /// <summary>Gets or sets how long a call waits for the disk, and before that for earlier calls.</summary>
    /// <value>100 milliseconds to 1 minute; the default is 5 seconds.</value>
    /// <remarks>No call takes longer than twice this time.</remarks>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the clock for the recorded times.</summary>
    /// <value>The default is <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Returns a validated copy.</summary>
    internal KeyFileOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it must be 100 milliseconds to 1 minute.");
        return new KeyFileOptions(this);
    }
}
