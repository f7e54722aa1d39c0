using System.Text.Json;
using System.Text.Json.Serialization;
using SymRatchet.Tool.Bench;
using SymRatchet.Tool.Doctor;
using SymRatchet.Tool.Keys;
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
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(List<KeyView>))]
[JsonSerializable(typeof(PingReport))]
[JsonSerializable(typeof(RevealedKey))]
[JsonSerializable(typeof(StoreReport))]
internal sealed partial class ToolJson : JsonSerializerContext;
