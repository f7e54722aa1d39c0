namespace SymRatchet.Tool.Keys;

/// <summary>Which store: a file or a database, and what else is needed to open it.</summary>
/// <param name="File">The file; null for a database.</param>
/// <param name="Database">The connection; null for a file.</param>
/// <param name="Schema">The schema in the database.</param>
/// <param name="Role">Whose store it is; null for the usual one of its kind.</param>
/// <param name="Ring">The folder with the key ring; null if keys are not wrapped.</param>
internal sealed record StoreLocation(string? File, string? Database, string Schema, ChannelRole? Role, string? Ring);
