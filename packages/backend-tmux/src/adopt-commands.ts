import { type Command, type GuardedCommand, nested } from './command.ts'
import { ROW, SERVER_ROW } from './command-line.ts'

/** The fields of a pane, TAB-separated; what stands in the last three is free text. */
const OFFER = [
  '#{pane_id}',
  '#{window_id}',
  '#{pane_dead}',
  '#{@orch_run}',
  '#{pane_current_command}',
  '#{session_name}:#{window_index}',
  '#{window_name}',
  '#{pane_current_path}',
].join('\t')

/** Prints every pane of a server. */
export function adoptableCommands(): Command[] {
  return [['list-panes', '-a', '-F', OFFER]]
}

/**
 * Tags a pane that lives and has no run, unless another pane carries the same id, and prints the server's version, pid and start
 * time and the pane's row; else `TAKEN` or `GONE`. One call: of several callers one does it.
 */
export function adoptCommands(to: {
  readonly pane: string
  readonly agent: string
  readonly namespace: string
  readonly run: string
}): Command[] {
  const { pane, agent, namespace, run } = to
  const set = (name: string, value: string): GuardedCommand => ['set-option', '-p', '-t', pane, name, value]
  const tag: GuardedCommand[] = [
    set('@orch_agent_id', agent),
    set('@orch_namespace', namespace),
    set('@orch_run', run),
    set('@orch_begun', 'yes'),
    set('@orch_program', ''),
    ['display-message', '-p', '-t', pane, SERVER_ROW],
    ['display-message', '-p', '-t', pane, ROW],
  ]
  const mine = `#{&&:#{!=:#{@orch_run},},#{==:#{@orch_namespace}/#{@orch_agent_id},${namespace}/${agent}}}`
  const isTaken = `#{||:#{!=:#{@orch_run},},#{!=:#{S:#{W:#{P:#{?${mine},1,}}}},}}`
  const lives = `#{==:#{pane_id}#{pane_dead},${pane}0}`
  const say = (word: string): string => nested([['display-message', '-p', word]])
  return [
    [
      'if-shell',
      '-F',
      '-t',
      pane,
      `#{!=:${lives},1}`,
      say('GONE'),
      nested([['if-shell', '-F', '-t', pane, isTaken, say('TAKEN'), nested(tag)]]),
    ],
  ]
}
