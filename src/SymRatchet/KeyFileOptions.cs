namespace SymRatchet;

/// <summary>
/// How a <see cref="KeyFile"/> behaves. Read when the file is opened; later changes change nothing. Not thread-safe.
/// </summary>
public sealed class KeyFileOptions
{
    /// <summary>Makes options with defaults.</summary>
    public KeyFileOptions() { }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public KeyFileOptions(KeyFileOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        CreateIfMissing = other.CreateIfMissing;
        Timeout = other.Timeout;
        TimeProvider = other.TimeProvider;
    }

    /// <summary>
    /// Gets whether a file that does not exist, or has no bytes, becomes a key file without an identity, to which one
    /// is added. Off by default: a wrong path is an error then.
    /// </summary>
    public bool CreateIfMissing { get; set; }

    /// <summary>
    /// Gets how long a call waits for the disk, and before that for the calls ahead of it: 100 milliseconds to
    /// 1 minute, 5 seconds by default. No call takes longer than twice that.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets the clock for what is recorded; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>A copy that was found to be in range, which no later change reaches.</summary>
    internal KeyFileOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it must be 100 milliseconds to 1 minute.");
        return new KeyFileOptions(this);
    }
}
