# Completion of dtu for zsh. Put this line into ~/.zshrc, behind compinit:  source <(dtu completion zsh)
_dtu() {
  local -a replies
  local line=${(j: :)words[2,CURRENT]}
  replies=("${(@f)$(${words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)}")
  compadd -- ${replies:#}
}
compdef _dtu dtu
