import { type Command, nested } from './command.ts'

/**
 * Tells when a window goes and when a pane dies, for as long as the server lives; prints a line; then waits for the end of stdin,
 * or of the server. On a server of somebody else no hook is set: only its end is told. It is no control client: where one of those leaves while another one connects, tmux 3.3 crashes.
 */
export function watchCommands(isOwn = true): Command[] {
  const hooks: Command[] = [
    ['set-hook', '-g', 'pane-died', nested([tellGone('#{hook_pane}')])],
    ['set-hook', '-g', 'window-unlinked', nested([tellGone('#{hook_window}')])],
  ]
  return [...(isOwn ? hooks : []), ['display-message', '-p', 'watching'], ['load-buffer', '-b', 'orch-watch', '-']]
}

/**
 * The file that appears, and goes at once, where the exits are when a pane or a window is gone. Where it cannot be made, as the
 * disk is full, the directory is touched.
 */
export function goneFile(exits: string, id: string): string {
  return `${exits}/${id}.gone`
}

/** A shell whose output and exit code no window ever shows, as those of `run-shell`. @param id as a format: `%` or `@`, and digits */
function tellGone(id: string): Command {
  const exits = '"$ORCH_TMUX_LOGS/../exits'
  const file = `${goneFile(exits, id)}"`
  return ['if-shell', '-b', `exec 2>/dev/null; { : >${file} && rm -f -- ${file}; } || touch -c -- ${exits}"`, '']
}
