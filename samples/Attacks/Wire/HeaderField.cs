namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>A field of a header, and the bit that an attack turns over in it.</summary>
public sealed record HeaderField(string Name, int Offset, byte Bit);
