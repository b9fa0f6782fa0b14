# Completion of dtu for bash. Put this line into ~/.bashrc:  source <(dtu completion bash)
_dtu_complete() {
  local IFS=$'\n' point=$COMP_POINT line=$COMP_LINE word head=
  # What dtu sees begins behind the command's own name.
  word=${line%%[[:space:]]*}
  line=${line#"$word"}; point=$((point - ${#word}))
  line=${line#?}; point=$((point > 0 ? point - 1 : 0))
  COMPREPLY=($("${word/#\~/$HOME}" "[suggest:$point]" "$line" 2>/dev/null))
  # An id may hold what bash parts words at: it replaces only what stands behind the last of them.
  local upto=${line:0:point}
  upto=${upto##*[[:space:]]}
  [[ $upto == *[:=@]* && $COMP_WORDBREAKS == *[:=@]* ]] && head=${upto%"${upto##*[:=@]}"}
  local -a fitting=()
  local reply
  for reply in "${COMPREPLY[@]}"; do
    [[ $reply == "$upto"* ]] && fitting+=("$(printf '%q' "${reply#"$head"}")")
  done
  COMPREPLY=("${fitting[@]}")
}
complete -o default -F _dtu_complete dtu
