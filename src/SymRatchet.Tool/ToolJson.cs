using System.Text.Json;
using System.Text.Json.Serialization;
using SymRatchet.Tool.Bench;
using SymRatchet.Tool.Doctor;
using SymRatchet.Tool.Ping;

namespace SymRatchet.Tool;

/// <summary>What commands write as JSON, serialized without reflection.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(BenchCount))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(BenchRequest))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(IReadOnlyList<LocalResult>))]
[JsonSerializable(typeof(PingReport))]
internal sealed partial class ToolJson : JsonSerializerContext;
