namespace SymRatchet.Stress.Ends;

/// <summary>One way to use a channel: as it is, as a stream, or as a pipe. One reads and one writes.</summary>
internal interface IFace
{
    /// <summary>Sends the next bytes of the outgoing direction.</summary>
    Task WriteAsync(Random random, CancellationToken token);

    /// <summary>Takes what has come, and checks it.</summary>
    /// <returns>False at the proven end.</returns>
    Task<bool> ReadAsync(Random random, CancellationToken token);

    /// <summary>Says that all was sent.</summary>
    Task EndAsync();

    void Abort();

    /// <summary>Gives up the face, and what it holds.</summary>
    Task DisposeAsync(Random random);
}
