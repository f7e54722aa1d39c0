using System.CommandLine;

namespace SymRatchet.Comparison.Plots;

/// <summary>The command <c>plot</c>: pictures from the results of a run.</summary>
internal static class PlotCommand
{
    internal static Command Create()
    {
        Argument<FileInfo> results = new Argument<FileInfo>("FILE")
        {
            Description = "What a run wrote with --json, such as docs/performance/run.json.",
        }.AcceptExistingOnly();
        Option<DirectoryInfo> folder = new("--to")
        {
            Description = "Where the pictures go. Default: pictures, here.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo("pictures"),
        };
        Command command = new(
            "plot",
            "Draws the results of a run as SVG files that are readable on light and on dark pages."
        )
        {
            results,
            folder,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                RunFile run = await RunFile.ReadAsync(parsed.GetRequiredValue(results).FullName, cancel);
                DirectoryInfo target = parsed.GetRequiredValue(folder);
                target.Create();
                foreach ((string name, string svg) in Pictures.Draw(run))
                {
                    string path = Path.Combine(target.FullName, name + ".svg");
                    await File.WriteAllTextAsync(path, svg, cancel);
                    Console.WriteLine(path);
                }
            }
        );
        return command;
    }
}
