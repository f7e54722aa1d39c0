namespace SymRatchet.Tool.Bench;

/// <summary>What is measured between two hosts; seen from the client.</summary>
internal enum BenchTest
{
    Upload,
    Download,

    /// <summary>Both directions at the same time.</summary>
    Simultaneous,
}
