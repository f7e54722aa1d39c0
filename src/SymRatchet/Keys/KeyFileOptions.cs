namespace SymRatchet;

/// <summary>How a <see cref="KeyFile"/> behaves. Immutable.</summary>
public sealed record KeyFileOptions
{
    /// <summary>
    /// Gets whether a file that does not exist, or has no bytes, becomes a key file without an identity, to which one
    /// is added. Off by default: a wrong path is an error then.
    /// </summary>
    public bool CreateIfMissing { get; init; }

    /// <summary>
    /// Gets how long a call waits for the disk, and before that for the calls ahead of it: 100 milliseconds to
    /// 1 minute, 5 seconds by default. No call takes longer than twice that.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets the clock for what is recorded; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it must be 100 milliseconds to 1 minute.");
    }
}
