namespace SymRatchet.Tool.Completion;

/// <summary>What a shell runs at its start, so that it asks the tool how a command line could go on.</summary>
internal static class CompletionScript
{
    private const string Bash = "bash";
    private const string Zsh = "zsh";
    private const string Fish = "fish";

    internal static string[] Shells { get; } = [Bash, Zsh, Fish];

    // Where the tool suggests nothing, as for the file of an option, the shell completes file names.
    internal static string For(string shell) =>
        shell switch
        {
            Bash => """
                # symratchet completion bash
                _symratchet() {
                    local IFS=$'\n'
                    COMPREPLY=($(compgen -W "$(symratchet "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" \
                        -- "${COMP_WORDS[COMP_CWORD]}"))
                }
                complete -o bashdefault -o default -F _symratchet symratchet
                """,
            Zsh => """
                #compdef symratchet
                # symratchet completion zsh
                _symratchet() {
                    local line="${(j: :)words[1,CURRENT]}"
                    local -a found
                    found=("${(@f)$(symratchet "[suggest:${#line}]" "$line" 2>/dev/null)}")
                    if [[ -n "$found" ]]; then compadd -a found; else _files; fi
                }
                if [[ "$funcstack[1]" == _symratchet ]]; then _symratchet "$@"; else compdef _symratchet symratchet; fi
                """,
            _ => """
                # symratchet completion fish
                function __symratchet_complete
                    set -l line (commandline -cp | string collect)
                    symratchet "[suggest:"(string length -- $line)"]" $line 2>/dev/null
                end
                complete -c symratchet -a '(__symratchet_complete)'
                """,
        };
}
