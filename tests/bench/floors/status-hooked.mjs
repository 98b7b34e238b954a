// Reads every record and page, what was told since the newest turn began, and the status that each program notes of itself;
// asks tmux once, and prints who is alive, in which phase, and whether a turn runs.
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

const [state, socket] = process.argv.slice(2)
const folder = `${state}/agents`
const records = readdirSync(folder).map((name) => {
  const events = readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(Boolean)
  return Object.assign({}, ...events.map((event) => JSON.parse(event).set))
})
const fields = '#{pane_id} #{pane_pid} #{pane_dead} #{window_activity} #{@orch_run} #{@orch_agent_id}'
const list = ['-S', socket, 'list-panes', '-a', '-F', fields]
const rows = execFileSync('tmux', list, { encoding: 'utf8', maxBuffer: 2 ** 26 })
const panes = new Map(rows.split('\n').map((row) => [row.slice(row.lastIndexOf(' ') + 1), row.split(' ')]))
const bytes = Buffer.alloc(2 ** 22)
const sinceTurn = (file) => {
  const descriptor = openSync(file, 'r')
  const { size } = fstatSync(descriptor)
  for (let length = 2 ** 15; ; length *= 8) {
    const read = readSync(descriptor, bytes, 0, Math.min(length, bytes.length), Math.max(0, size - length))
    const text = bytes.toString('utf8', 0, read)
    const turn = text.lastIndexOf('"hook_event_name":"UserPromptSubmit"')
    if (turn < 0 && length < Math.min(size, bytes.length)) continue
    closeSync(descriptor)
    return text.slice(Math.max(0, turn)).trimEnd().split('\n')
  }
}
const statusOf = (events, panePid) => {
  const directory = JSON.parse(readFileSync(`${events}.launch`, 'utf8')).status
  const [pid] = readFileSync(`/proc/${panePid}/task/${panePid}/children`, 'utf8').split(' ')
  const status = JSON.parse(readFileSync(`${directory}/${pid}.json`, 'utf8'))
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] === status.procStart ? status.status : null
}
const agents = records.map(({ id, task, directory, workspace, handle }) => {
  const page = readFileSync(`${workspace}/WORKSPACE.md`, 'utf8')
  const phase = /^Phase: *(.*)$/m.exec(page)?.[1]
  const told = sinceTurn(handle.events)
  const last = /"hook_event_name":"(\w+)"/.exec(told.at(-1))?.[1]
  const asked = told.filter((line) => line.includes('"PermissionRequest"'))
  const isOpen = asked.some((line) => existsSync(`${handle.events}.${line.slice(0, line.indexOf(' '))}.ask`))
  const status = statusOf(handle.events, handle.panePid)
  const turn = isOpen ? 'waiting' : last === 'Stop' || status === 'idle' ? 'idle' : 'working'
  return { id, task, directory, phase, alive: panes.get(id)?.[2] === '0', state: turn }
})
process.stdout.write(JSON.stringify(agents))
