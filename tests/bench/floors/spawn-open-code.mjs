// Writes a workspace and a record, makes a tagged session, prompts it, and writes down that it is there.
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

const [id, task, project, state] = process.argv.slice(2)
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
const { url, password } = JSON.parse(readFileSync(`${state}/opencode/server.json`, 'utf8'))
const headers = {
  authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`,
  'x-opencode-directory': encodeURIComponent(project),
  'content-type': 'application/json',
}
const agent = new Agent({ keepAlive: true })
const post = (path, body) =>
  new Promise((resolve, reject) => {
    const options = { agent, headers, method: 'POST' }
    const sent = request(url + path, options, (response) => resolve(text(response)))
    sent.on('error', reject).end(JSON.stringify(body))
  })
const session = JSON.parse(await post('/session', { title: task, metadata: { orch: { id } } }))
add({ base: 1, set: { handle: session.id } })
await post(`/session/${session.id}/prompt_async`, { parts: [{ type: 'text', text: task }] })
add({ base: 2, set: { lifecycle: 'active' } })
closeSync(record)
process.stdout.write(session.id)
agent.destroy()
