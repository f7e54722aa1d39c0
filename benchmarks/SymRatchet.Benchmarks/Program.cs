using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/SymRatchet.Benchmarks -- --filter '*' [--job short]
// The reports go to benchmarks/results where it is run from the repository, as BenchmarkDotNet names its folder.
ManualConfig config = ManualConfig.CreateMinimumViable().AddExporter(MarkdownExporter.GitHub);
if (Directory.Exists("benchmarks"))
    config = config.WithArtifactsPath("benchmarks");
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
