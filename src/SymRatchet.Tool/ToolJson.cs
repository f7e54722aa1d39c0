using System.Text.Json;
using System.Text.Json.Serialization;
using SymRatchet.Tool.Ping;

namespace SymRatchet.Tool;

/// <summary>What commands write as JSON, serialized without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(PingReport))]
internal sealed partial class ToolJson : JsonSerializerContext;
