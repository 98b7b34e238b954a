/** An option of the whole server. "window-size" is none: once it is set, the next window crashes tmux 3.3. */
type GlobalOption =
  | `@${string}`
  | 'exit-empty'
  | 'remain-on-exit'
  | 'remain-on-exit-format'
  | 'history-limit'
  | 'default-terminal'
  | 'update-environment'
  | 'allow-rename'

/** A tmux command and its arguments, of those that act on no window, or say in themselves on which and when. */
export type Command =
  | readonly [name: 'start-server' | 'if-shell' | 'load-buffer' | 'display-message', ...args: readonly string[]]
  | readonly [name: 'list-panes' | 'capture-pane' | 'attach-session', ...args: readonly string[]]
  | readonly [name: 'set-option', flag: '-g' | '-gq', option: GlobalOption, value: string]
  | readonly [name: 'set-hook', flag: '-g', hook: 'pane-died' | 'window-unlinked', command: string]

/**
 * A command that acts on a window: it stands behind a condition, as a paste into a dead pane crashes the server. "copy-mode" is
 * none: tmux 3.3 tells control clients of it, and crashes where a person's is about to connect.
 */
export type GuardedCommand =
  | Command
  | readonly [
      name: 'new-session' | 'new-window' | 'resize-window' | 'pipe-pane' | 'kill-pane',
      ...args: readonly string[],
    ]
  | readonly [name: 'paste-buffer' | 'delete-buffer' | 'send-keys', ...args: readonly string[]]
  | readonly [name: 'set-option', flag: '-p' | '-w', ...args: readonly string[]]

/**
 * The arguments of one tmux process that runs `commands` in order, in one go (`tmux(1)`, COMMAND PARSING). No process is ever a
 * control client (`-C`): six at once that come and go end tmux 3.3 within a second, as it tells one of something while it connects.
 * An argument that ends in `;` would end its command: the `;` is escaped.
 */
export function commandLine(socket: string, commands: readonly Command[]): string[] {
  const chained = commands.flatMap((command, index) => {
    const escaped = command.map((argument) => argument.replace(/;$/, '\\;'))
    return index === 0 ? escaped : [';', ...escaped]
  })
  return ['-S', socket, '-f', '/dev/null', '-u', ...chained]
}

/**
 * Commands as one string for `if-shell`, which tmux parses again: every byte that is not a plain character is
 * written in octal, so that nothing in it has a meaning.
 */
export function nested(commands: readonly GuardedCommand[]): string {
  return commands.map((command) => command.map(quoted).join(' ')).join(' ; ')
}

function quoted(argument: string): string {
  let text = ''
  for (const byte of Buffer.from(argument)) {
    const character = String.fromCharCode(byte)
    text += /[A-Za-z0-9_/.,:=@%+-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
  }
  return `"${text}"`
}
