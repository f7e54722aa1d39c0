namespace SymRatchet.Stress.Scenarios;

/// <summary>Something that people, or attackers, do with channels.</summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>How often it is chosen, beside the others.</summary>
    int Weight { get; }

    Task RunAsync(Step step);
}
