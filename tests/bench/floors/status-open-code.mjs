// Reads every record and page, lists the sessions once, asks for status and requests only where a turn may be open.
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, get as request } from 'node:http'
import { json } from 'node:stream/consumers'

const [state] = process.argv.slice(2)
const folder = `${state}/agents`
const records = readdirSync(folder).map((name) => {
  const events = readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(Boolean)
  return Object.assign({}, ...events.map((event) => JSON.parse(event).set))
})
const { url, password } = JSON.parse(readFileSync(`${state}/opencode/server.json`, 'utf8'))
const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
const agent = new Agent({ keepAlive: true })
const get = (path, directory = '') =>
  new Promise((resolve, reject) => {
    const headers = { authorization, ...(directory && { 'x-opencode-directory': encodeURIComponent(directory) }) }
    request(url + path, { agent, headers }, (response) => resolve(json(response))).on('error', reject)
  })
const sessions = new Map((await get('/experimental/session?limit=100000')).map((session) => [session.id, session]))
const open = records.filter(({ handle, facts }) => sessions.get(handle.sessionId)?.time.updated !== facts?.updatedAt)
const paths = ['/session/status', '/permission', '/question']
const asked = [...new Set(open.map(({ directory }) => directory))].map(async (directory) =>
  Promise.all(paths.map((path) => get(path, directory))),
)
const busy = new Set((await Promise.all(asked)).flatMap(([statuses]) => Object.keys(statuses)))
const agents = records.map(({ id, task, directory, workspace, handle }) => {
  const page = readFileSync(`${workspace}/WORKSPACE.md`, 'utf8')
  const phase = /^Phase: *(.*)$/m.exec(page)?.[1]
  const there = sessions.has(handle.sessionId)
  return { id, task, directory, phase, state: there ? (busy.has(handle.sessionId) ? 'working' : 'idle') : 'exited' }
})
process.stdout.write(JSON.stringify(agents))
agent.destroy()
