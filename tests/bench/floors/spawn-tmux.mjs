// Writes a workspace and a record, makes a tagged window with one call, and writes down that it is there.
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'

const [id, task, project, state, socket, ...program] = process.argv.slice(2)
const workspace = `${project}/.orch/workspace/${id}`
mkdirSync(workspace, { mode: 0o700 })
writeFileSync(`${workspace}/SPAWN_CONTEXT.md`, task, { mode: 0o600 })
writeFileSync(`${workspace}/WORKSPACE.md`, 'Phase: [Planning | Complete]\n', { mode: 0o600 })
const record = openSync(`${state}/agents/${id}.jsonl`, 'ax', 0o600)
const add = (event) => {
  writeSync(record, `${JSON.stringify(event)}\n`)
  fdatasyncSync(record)
}
add({ base: 0, set: { id, task, project, workspace, lifecycle: 'spawning' } })
const log = `exec cat >>${state}/tmux/logs/${id}.log`
const window = [
  'new-window',
  '-d',
  '-t',
  '=orch:',
  '-n',
  id,
  '-c',
  project,
  '-e',
  `ORCH_AGENT_ID=${id}`,
  ...program,
  task,
]
const tag = ['set-option', '-w', '-t', `=orch:=${id}`, '@orch_agent_id', id]
const pipe = ['pipe-pane', '-t', `=orch:=${id}`, log]
const shown = ['display-message', '-p', '-t', `=orch:=${id}`, '#{window_id} #{pane_id} #{pane_pid}']
const handle = execFileSync('tmux', ['-S', socket, ...window, ';', ...tag, ';', ...pipe, ';', ...shown], {
  encoding: 'utf8',
})
add({ base: 1, set: { handle, lifecycle: 'active' } })
closeSync(record)
process.stdout.write(id)
