import type { Command } from './command.ts'

/** Prints where the cursor of a pane stands and what it shows, with colours. */
export function cursorCommands(pane: string): Command[] {
  return [
    ['display-message', '-p', '-t', pane, '#{cursor_x} #{cursor_y}'],
    ['capture-pane', '-e', '-p', '-t', pane],
  ]
}

/** Stands behind each screen that {@link captureCommands} prints, on a line of its own. */
export const SCREEN_END = 'orch-screen-end'

/** Prints what these panes show, one after the other, each with its title as the last line. */
export function captureCommands(panes: readonly string[]): Command[] {
  return panes.flatMap((pane): Command[] => [
    ['capture-pane', '-p', '-t', pane],
    ['display-message', '-p', '-t', pane, '#{pane_title}'],
    ['display-message', '-p', SCREEN_END],
  ])
}
