namespace SymRatchet.Tool.Bench;

/// <summary>
/// A client's message that asks for a test. The server agrees by an empty one; then messages of the test's size follow
/// in its direction until an empty one ends it, and the server answers with what it has received.
/// </summary>
internal sealed record BenchRequest(BenchTest Test, double Seconds, int Size);
