/** The shells that are completed, and how each learns it; the words come from `orch completion SHELL -- WORDS`. */
export const SCRIPTS: Readonly<Record<'bash' | 'zsh' | 'fish', string>> = {
  bash: `# Completes orch in bash. In ~/.bashrc: eval "$(orch completion bash)"
_orch() {
  local typed=\${COMP_LINE:0:COMP_POINT} current=$2 candidate word before
  local -a words
  read -r -a words <<< "$typed"
  [[ $typed == *[[:space:]] ]] && words+=("")
  word=\${words[\${#words[@]}-1]}
  before=\${word%"$current"}
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    case $candidate in
      :files) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current") ;;
      :directories) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current") ;;
      ?*) COMPREPLY+=("\${candidate#"$before"}") ;;
    esac
  done < <("$1" completion bash -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _orch orch
`,
  zsh: `#compdef orch
# Completes orch in zsh. In ~/.zshrc, after compinit: eval "$(orch completion zsh)"
_orch() {
  local -a lines found
  local line
  lines=("\${(@f)$("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $lines[1] in
    :files) _files; return ;;
    :directories) _files -/; return ;;
  esac
  for line in $lines; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#found )) && _describe -V -t orch orch found
}
if [[ $funcstack[1] == _orch ]]; then _orch "$@"; else compdef _orch orch; fi
`,
  fish: `# Completes orch in fish. In ~/.config/fish/config.fish: orch completion fish | source
function __orch_complete
  set -l current (commandline -ct)
  set -l words (commandline -opc) "$current"
  set -l lines ($words[1] completion fish -- $words[2..-1] 2>/dev/null)
  switch "$lines[1]"
    case ':files'
      __fish_complete_path "$current"
    case ':directories'
      __fish_complete_directories "$current"
    case '?*'
      printf '%s\\n' $lines
  end
end
complete -c orch -f -a '(__orch_complete)'
`,
}
