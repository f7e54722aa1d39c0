namespace SymRatchet.IntegrationTests.Dashboard;

/// <summary>A test that needs Chromium, and is skipped where there is none.</summary>
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (Chromium.Executable is null)
            Skip =
                "There is no Chromium. Install it (Debian: apt-get install chromium), or set CHROMIUM to its "
                + "executable, and run the test again.";
    }
}
