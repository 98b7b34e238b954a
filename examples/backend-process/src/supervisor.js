import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { linkSync, unlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { identifyProcess } from '@orch/core'
import { onLines } from './protocol.js'

/**
 * The server of this backend: `node supervisor.js SOCKET`. The programs are its children, so they outlive every orch
 * process, and it alone decides what is there. It keeps nothing on disk: when it dies, its agents are lost.
 *
 * @typedef {import('./protocol.js').Entry & {
 *   child: import('node:child_process').ChildProcess,
 *   lines: import('./protocol.js').Line[],
 * }} Agent
 */

/** So many lines of output are kept for each agent. */
const KEPT_LINES = 100_000

const epoch = randomUUID()
/** @type {Map<string, Agent>} */
const agents = new Map()
/** @type {Set<(told: import('./protocol.js').Told) => void>} */
const followers = new Set()

/** @type {Record<string, (request: any) => object>} */
const METHODS = { list, create, send, read, remove }

function list() {
  return { epoch, pid: process.pid, agents: [...agents.values()].map(entryOf) }
}

/** @param {import('./protocol.js').NewAgent} request */
async function create({ id, namespace, title, directory, argv, env, begun }) {
  const isThere = [...agents.values()].some((agent) => agent.id === id && agent.namespace === namespace)
  if (isThere) return { failure: { code: 'AGENT_EXISTS', text: 'it is already there' } }
  const [command = '', ...args] = argv
  const child = spawn(command, args, { cwd: directory, env, detached: true, stdio: 'pipe' })
  const owner = child.pid === undefined ? null : identifyProcess(child.pid)
  if (owner === null) {
    const error = await new Promise((resolve) => child.once('error', resolve))
    return { failure: { code: 'CREATE_FAILED', text: `"${command}" does not start (${error.code})` } }
  }
  const key = randomUUID()
  const lastActivityAt = new Date().toISOString()
  /** @type {Agent} */
  const agent = { key, id, namespace, title, begun, owner, exit: null, lastActivityAt, child, lines: [] }
  agents.set(key, agent)
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  for (const output of [child.stdout, child.stderr]) onLines(output, (text) => take(agent, text))
  child.on('exit', (code, signal) => change(agent, { exit: { code, signal } }))
  tell({ type: 'changed', key })
  return { epoch, entry: entryOf(agent) }
}

/** @param {{ key: string, text: string, begin: boolean }} request */
async function send({ key, text, begin }) {
  const agent = agents.get(key)
  if (!agent) return { failure: { code: 'GONE', text: 'The agent is not there any more' } }
  if (agent.exit) return { failure: { code: 'EXITED', text: 'The program of the agent has ended' } }
  const error = await new Promise((resolve) => agent.child.stdin?.write(`${JSON.stringify({ text })}\n`, resolve))
  if (error) return { failure: { code: 'EXITED', text: `The program of the agent does not read (${error.code})` } }
  change(agent, begin ? { begun: true } : {})
  return {}
}

/** @param {{ key: string, last: number, before: number | null }} request */
function read({ key, last, before }) {
  const lines = agents.get(key)?.lines ?? null
  if (lines === null) return { lines, first: 0 }
  const end = before === null ? lines.length : lines.findLastIndex(({ number }) => number < before) + 1
  return { lines: lines.slice(Math.max(0, end - last), end), first: lines[0]?.number ?? 1 }
}

/** Forgets an agent whose processes were ended. @param {{ key: string }} request */
function remove({ key }) {
  agents.delete(key)
  tell({ type: 'changed', key })
  return {}
}

/** @param {Agent} agent @param {string} text */
function take(agent, text) {
  const line = { number: (agent.lines.at(-1)?.number ?? 0) + 1, text }
  agent.lines.push(line)
  if (agent.lines.length > KEPT_LINES) agent.lines.shift()
  agent.lastActivityAt = new Date().toISOString()
  tell({ type: 'line', key: agent.key, line })
}

/** @param {Agent} agent @param {Partial<Agent>} now */
function change(agent, now) {
  Object.assign(agent, now, { lastActivityAt: new Date().toISOString() })
  tell({ type: 'changed', key: agent.key })
}

/** @param {import('./protocol.js').Told} told */
function tell(told) {
  for (const follower of followers) follower(told)
}

/** @param {Agent} agent @returns {import('./protocol.js').Entry} */
function entryOf({ child: _child, lines: _lines, ...entry }) {
  return entry
}

/** @param {import('node:net').Socket} socket */
function serve(socket) {
  /** @param {object} answer */
  const say = (answer) => socket.write(`${JSON.stringify(answer)}\n`)
  socket.on('error', () => {})
  onLines(socket, async (line) => {
    const { method, ...request } = JSON.parse(line)
    if (method !== 'follow') return say(await answer(method, request))
    followers.add(say)
    socket.on('close', () => followers.delete(say))
    say({ type: 'ready' })
  })
}

/** @param {string} method @param {object} request */
async function answer(method, request) {
  try {
    return await METHODS[method](request)
  } catch (error) {
    return { failure: { code: 'BACKEND_ERROR', text: String(error) } }
  }
}

/** Listens under a name of its own first: the real name must answer from the moment it is there, and only one may have it. */
const [path = ''] = process.argv.slice(2)
const draft = `${path}.${process.pid}`
const server = createServer({ allowHalfOpen: false }, serve)
server.listen(draft, () => {
  try {
    linkSync(draft, path)
  } catch {
    server.close() // another supervisor was faster
  } finally {
    unlinkSync(draft)
  }
})
