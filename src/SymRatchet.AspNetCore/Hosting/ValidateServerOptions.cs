using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Validates the options when the host starts, not at the first connection.</summary>
internal sealed class ValidateServerOptions : IValidateOptions<SecureChannelServerOptions>
{
    public ValidateOptionsResult Validate(string? name, SecureChannelServerOptions options)
    {
        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is ArgumentException or PlatformNotSupportedException)
        {
            return ValidateOptionsResult.Fail($"{SymRatchetServiceCollectionExtensions.Section}: {e.Message}");
        }
    }
}
