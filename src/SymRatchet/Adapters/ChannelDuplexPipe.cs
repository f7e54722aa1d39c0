using System.IO.Pipelines;

namespace SymRatchet.Adapters;

/// <summary>The two halves of a channel as pipes.</summary>
internal sealed record ChannelDuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
