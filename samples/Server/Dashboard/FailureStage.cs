namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>How far a connection had come when it failed.</summary>
internal enum FailureStage
{
    /// <summary>It was refused before it proved a key.</summary>
    Handshake,

    /// <summary>It had proven its key, and was ended.</summary>
    Session,

    /// <summary>The server itself failed it.</summary>
    Connection,
}
