using SymRatchet.Stress;

if (StressOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(StressOptions.Usage);
    return 2;
}

return await new StressRun(options).RunAsync() ? 0 : 1;
