/**
 * The script that is a pane's process. Its arguments: the start file and the exit file.
 *
 * It takes environment and arguments of the program from the start file without interpreting them, deletes
 * that file, runs the program in the foreground of the terminal, in its own process group (so Ctrl-C reaches
 * the program), marked with its own process id, and writes `exited CODE` or `signal CODE` to the exit file before it ends. To a shell a death
 * by signal is 128 + its number, like an exit with that code; what tells them apart is the message it prints,
 * so its own error output goes to a file meanwhile. INT and PIPE have no message.
 *
 * While it sets the environment it reads no variable but its own, which begin with `orch_`: no agent is given one of those.
 *
 * It does not catch HUP: when the tmux server dies, it dies too, before it could record an exit which that
 * death caused, and the kernel then hangs up the program.
 */
export const WRAPPER: string = `#!/bin/sh
start=$1 exit=$2
umask 077
trap : INT QUIT TERM
exec 3>&2 2>"$exit.err"
(
  exec 2>&3 3>&-
  unset TMUX TMUX_PANE ORCH_TMUX_LOGS SHELL
  orch_start=$start orch_kind= orch_value=
  set --
  while IFS= read -r orch_line; do
    case $orch_line in
      +*)
        orch_value="$orch_value
\${orch_line#+}"
        continue
        ;;
    esac
    case $orch_kind in
      E) export "$orch_value" ;;
      A) set -- "$@" "$orch_value" ;;
      D) cd -- "$orch_value" || exit 126 ;;
    esac
    case $orch_line in
      E*) orch_kind=E ;;
      A*) orch_kind=A ;;
      D*) orch_kind=D ;;
      *) orch_kind= ;;
    esac
    orch_value=\${orch_line#?}
  done <"$orch_start"
  command -p rm -f -- "$orch_start"
  if [ -r /proc/self/stat ]; then
    read -r ORCH_TMUX_PROGRAM orch_line </proc/self/stat
    export ORCH_TMUX_PROGRAM
  fi
  exec "$@"
)
code=$?
exec 2>/dev/null 3>&-
how=exited
if [ "$code" -gt 128 ]; then
  if [ -s "$exit.err" ] || [ "$code" -eq 130 ] || [ "$code" -eq 141 ]; then how=signal; fi
fi
printf '%s %s\\n' "$how" "$code" >"$exit.new"
command -p mv -f -- "$exit.new" "$exit"
command -p rm -f -- "$exit.err"
exit "$code"
`

/** What a run starts with. */
export interface Start {
  readonly directory: string
  /** Names are shell identifiers: see `agentEnvironment`. */
  readonly env: Readonly<Record<string, string>>
  /** The program's path and its arguments. */
  readonly argv: readonly string[]
}

/**
 * The start file: one value per line behind its kind (`E`nvironment, `D`irectory, `A`rgument); further lines
 * of a value begin with `+`; a full stop ends it.
 */
export function startFile(start: Start): string {
  const values = [
    ...Object.entries(start.env).map(([name, value]) => `E${name}=${value}`),
    `D${start.directory}`,
    ...start.argv.map((argument) => `A${argument}`),
  ]
  return `${values.map((value) => value.replaceAll('\n', '\n+')).join('\n')}\n.\n`
}
