/**
 * The script that is a pane's process. Its arguments: the start file and the exit file.
 *
 * It takes environment and arguments of the program from the start file without interpreting them, deletes
 * that file, runs the program in the foreground of the terminal, in its own process group (so Ctrl-C reaches
 * the program), and writes `exited CODE` or `signal CODE` to the exit file before it ends. To a shell a death
 * by signal is 128 + its number, like an exit with that code; what tells them apart is the message it prints,
 * so its own error output goes to a file meanwhile. INT and PIPE have no message.
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
  kind= value=
  set --
  while IFS= read -r line; do
    case $line in
      +*)
        value="$value
\${line#+}"
        continue
        ;;
    esac
    case $kind in
      E) export "$value" ;;
      A) set -- "$@" "$value" ;;
      D) cd -- "$value" || exit 126 ;;
    esac
    case $line in
      E*) kind=E ;;
      A*) kind=A ;;
      D*) kind=D ;;
      *) kind= ;;
    esac
    value=\${line#?}
  done <"$start"
  command -p rm -f -- "$start"
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
