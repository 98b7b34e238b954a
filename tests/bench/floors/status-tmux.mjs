// Reads every record and page, asks tmux once, and prints who is alive and in which phase.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const [state, socket] = process.argv.slice(2)
const folder = `${state}/agents`
const records = readdirSync(folder).map((name) => {
  const events = readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(Boolean)
  return Object.assign({}, ...events.map((event) => JSON.parse(event).set))
})
const fields = '#{pane_id} #{pane_pid} #{pane_dead} #{window_activity} #{@orch_run} #{@orch_agent_id}'
const rows =
  records.length === 0
    ? ''
    : execFileSync('tmux', ['-S', socket, 'list-panes', '-a', '-F', fields], { encoding: 'utf8', maxBuffer: 2 ** 26 })
const panes = new Map(rows.split('\n').map((row) => [row.slice(row.lastIndexOf(' ') + 1), row.split(' ')]))
const agents = records.map(({ id, task, directory, workspace }) => {
  const page = readFileSync(`${workspace}/WORKSPACE.md`, 'utf8')
  const phase = /^Phase: *(.*)$/m.exec(page)?.[1]
  return { id, task, directory, phase, alive: panes.get(id)?.[2] === '0' }
})
process.stdout.write(JSON.stringify(agents))
