using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Running;
using SymRatchet.Benchmarks;

// dotnet run -c Release --project benchmarks/SymRatchet.Benchmarks -- --filter '*' [--job short]
// The reports go to benchmarks/results where it is run from the repository, as BenchmarkDotNet names its folder.
// Memory for each identity of an in-memory store: -- store-memory [COUNT]
// Calls of stores with more and more identities, in turns: -- store-growth
if (args is ["store-memory", ..])
    return StoreMemory.Run(args[1..]);
if (args is ["store-growth"])
    return await StoreGrowth.RunAsync();
ManualConfig config = ManualConfig.CreateMinimumViable().AddExporter(MarkdownExporter.GitHub);
if (Directory.Exists("benchmarks"))
    config = config.WithArtifactsPath("benchmarks");
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
