namespace SymRatchet.Tool.Doctor;

/// <summary>What a check has found, from the best to the worst.</summary>
internal enum CheckState
{
    Ok,

    /// <summary>It works, but not as well or as safely as it could.</summary>
    Warn,
    Fail,
}
