// Makes sessions and prompts them, all at once, and again when the turn has ended, with the requests that orch makes for
// it: what there is before the act, the message until it is stored, the state and the answer after the end. Prints their
// text as it comes over one stream of events, and at last the most memory this process ever had resident, in MiB.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'

const [project, state, count, task, message] = process.argv.slice(2)
const { url, password } = JSON.parse(readFileSync(`${state}/opencode/server.json`, 'utf8'))
const headers = {
  authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`,
  'x-opencode-directory': encodeURIComponent(project),
  'content-type': 'application/json',
}
const agent = new Agent({ keepAlive: true })
const ask = (method, path, body) =>
  new Promise((resolve, reject) => {
    const sent = request(url + path, { agent, headers, method }, resolve)
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
const ends = new Map()
const hear = async (stream) => {
  stream.setEncoding('utf8')
  let rest = ''
  for await (const text of stream) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (!line.startsWith('data:')) continue
      const { type, properties } = JSON.parse(line.slice(5)).payload ?? {}
      const end = ends.get(properties?.sessionID)
      if (end === undefined) continue
      if (type === 'message.part.delta') process.stdout.write(properties.delta)
      if (type === 'session.idle') end()
    }
  }
}
const stream = await ask('GET', '/global/event')
hear(stream).catch(() => {})
const get = async (path) => json(await ask('GET', path))
const turn = async (id, text) => {
  const messages = `/session/${id}/message?limit=10`
  const [before] = await Promise.all([get(messages), get(`/session/${id}`), get('/session/status')])
  const ended = new Promise((resolve) => ends.set(id, resolve))
  const prompted = await ask('POST', `/session/${id}/prompt_async`, { parts: [{ type: 'text', text }] })
  prompted.resume()
  for (let ms = 25; (await get(messages)).length === before.length; ms *= 2)
    await new Promise((resolve) => setTimeout(resolve, ms))
  await ended
  await Promise.all([get('/session/status'), get(messages), get(messages)])
}
const run = async () => {
  await get('/experimental/session?limit=100000')
  const { id } = await json(await ask('POST', '/session', { title: 'fleet' }))
  await turn(id, task)
  await turn(id, message)
}
await Promise.all(Array.from({ length: Number(count) }, run))
stream.destroy()
agent.destroy()
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
process.stdout.write(`\n${peak / 1024}`)
