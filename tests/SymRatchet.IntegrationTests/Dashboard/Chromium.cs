using Microsoft.Playwright;

namespace SymRatchet.IntegrationTests.Dashboard;

/// <summary>A browser without a window, for all tests of a class.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>
    /// The executable that the variable CHROMIUM names, or the first one in PATH; null where there is none.
    /// </summary>
    internal static string? Executable { get; } =
        Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named : FindInPath();

    /// <summary>Opens an empty page of a visitor who has never been here.</summary>
    internal Task<IPage> OpenAsync(ColorScheme colours = ColorScheme.Light) =>
        _browser!.NewPageAsync(
            new BrowserNewPageOptions
            {
                ColorScheme = colours,
                ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
            }
        );

    public async Task InitializeAsync()
    {
        if (Executable is null)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Executable, Args = ["--disable-dev-shm-usage"] }
        );
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? FindInPath()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries
        );
        return Names
            .SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }
}
