# Completion of dtu for fish. Put this line into ~/.config/fish/config.fish:  dtu completion fish | source
function __dtu_complete
    set -l words (commandline -opc)
    set -l line (string join ' ' -- $words[2..-1] (commandline -ct))
    $words[1] "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete -c dtu -f -a '(__dtu_complete)'
