/**
 * The plugin that OpenCode loads for one launch. It lies in the directory of events and tells there what happens, in the
 * lines that a hook would tell: `MILLISECONDS-COUNT JSON`. What is said and done in a conversation goes to a file beside
 * them, one `TranscriptEntry` or `UsageEntry` each line, and is gone on with there when the conversation is.
 *
 * A variable of the run tells whose event it is, and a child that inherits it is another process: the first process of a
 * run that loads the plugin is the program, and any other keeps silent. An answer comes through a pipe with a name, as to
 * the hook script, and goes to the request by OpenCode's own client.
 *
 * `opencode run` puts a task with a space in it between quotes, and a backslash before each of its own: the plugin makes the
 * message again what the last argument is, before it is stored. What the run asks for it rejects or allows itself, in
 * the same moment, so that nothing of that is told. It ends with its turn, sometimes before the plugin hears of that: as the
 * process ends, what is known of the turn is told.
 */
export const openCodePlugin = (
  how: 'terminal' | 'run',
): string => `import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const run = process.env.ORCH_TMUX_RUN ?? ''
const folder = dirname(fileURLToPath(import.meta.url))
const file = join(folder, run)
const LONGEST = 1_000_000
const isRun = ${how === 'run'}

const parents = new Map()
const agents = new Map()
const turns = new Map()
const asked = new Map()
const called = new Set()
const spent = new Map()
let count = 0

export const Orch = async ({ client }) => {
  if (!/^[A-Za-z0-9-]+$/.test(run) || !isProgram()) return {}
  if (isRun) process.on('exit', () => [...turns.keys()].forEach(ended))
  const answer = (url, body) => client._client.post({ url, body, headers: { 'content-type': 'application/json' } })
  return {
    event: async ({ event }) => handlers[event.type]?.(event.properties, answer),
    'chat.message': async ({ sessionID }, { message, parts }) => {
      if (!parents.has(sessionID)) know((await client.session.get({ path: { id: sessionID } })).data)
      if (isRun) unquote(parts)
      given(sessionID, message, parts)
    },
  }
}

function isProgram() {
  try {
    writeFileSync(file + '.program', String(process.pid), { flag: 'wx', mode: 0o600 })
    tell(null, 'SessionStart', { source: 'startup' })
    return true
  } catch {
    return readFileSync(file + '.program', 'utf8') === String(process.pid)
  }
}

function know(info) {
  if (!info) return
  parents.set(info.id, info.parentID ?? null)
  if (info.agent) agents.set(info.id, info.agent)
}

function newTurn(id) {
  return { id, text: '', error: null, isAnswered: false }
}

function unquote(parts) {
  const task = process.argv.at(-1)
  const quoted = '"' + task.replaceAll('"', () => '\\\\"') + '"'
  for (const part of parts) if (part.type === 'text' && part.text === quoted) part.text = task
}

function given(sessionID, { id }, parts) {
  const text = parts.flatMap((part) => (part.type === 'text' && !part.synthetic ? [part.text] : [])).join('\\n')
  const at = new Date().toISOString()
  if (!turns.has(sessionID)) write(sessionID, { type: 'began', id, at, contextLimit: null })
  const turn = turns.get(sessionID) ?? newTurn(id)
  turns.set(sessionID, turn)
  write(sessionID, { type: 'said', id, kind: 'message', role: 'user', text, at })
  tell(sessionID, 'UserPromptSubmit', { prompt: text, turn_id: turn.id })
}

const handlers = {
  'session.created': ({ info }) => know(info),
  'session.updated': ({ info }) => know(info),
  'session.status': ({ sessionID, status }) => {
    if (status.type === 'idle') return ended(sessionID)
    if (turns.has(sessionID)) return
    turns.set(sessionID, newTurn('turn-' + Date.now()))
    tell(sessionID, 'Busy', { turn_id: turns.get(sessionID).id })
  },
  'session.error': ({ sessionID, error }) => {
    const turn = turns.get(sessionID)
    if (turn) turn.error = error
  },
  'session.idle': ({ sessionID }) => ended(sessionID),
  'message.updated': ({ info }) => {
    if (info.role !== 'assistant') return
    const turn = turns.get(info.sessionID)
    if (turn) {
      turn.isAnswered = Boolean(info.time.completed)
      turn.error = info.error ?? turn.error
    }
    if (info.time.completed) used(info)
  },
  'message.part.updated': ({ part }) => {
    if (part.type === 'tool') return worked(part)
    if (!part.time?.end || (part.type !== 'text' && part.type !== 'reasoning')) return
    const kind = part.type === 'text' ? 'message' : 'reasoning'
    const turn = turns.get(part.sessionID)
    if (turn && kind === 'message') {
      turn.text = part.text
      if (turn.error?.name !== 'MessageAbortedError') turn.error = null
    }
    const at = new Date(part.time.end).toISOString()
    write(part.sessionID, { type: 'said', id: part.id, kind, role: 'assistant', text: part.text, at })
  },
  'permission.asked': ({ id, sessionID, permission, patterns, metadata, always }, answer) =>
    !isRun &&
    ask(sessionID, id, {
      fields: {
        tool_name: permission,
        tool_input: { ...metadata, patterns: patterns.join(', ') },
        permission_suggestions: always?.length ? [{ type: 'allow', rules: always, destination: 'session' }] : [],
      },
      reply: ({ behavior, message, updatedPermissions }) => {
        const reply = behavior !== 'allow' ? 'reject' : updatedPermissions?.length ? 'always' : 'once'
        return answer('/permission/' + id + '/reply', { reply, ...(reply === 'reject' && { message }) })
      },
    }),
  'question.asked': ({ id, sessionID, questions }, answer) =>
    ask(sessionID, id, {
      fields: { tool_name: 'AskUserQuestion', tool_input: { questions } },
      reply: ({ updatedInput }) => {
        const answers = questions.map(({ question }) => [updatedInput.answers[question]])
        return answer('/question/' + id + '/reply', { answers })
      },
    }),
  'permission.replied': ({ requestID }) => replied(requestID),
  'question.replied': ({ requestID }) => replied(requestID),
  'question.rejected': ({ requestID }) => replied(requestID),
}

function ended(sessionID) {
  const turn = turns.get(sessionID)
  if (!turn) return
  turns.delete(sessionID)
  write(sessionID, { type: 'ended', at: new Date().toISOString() })
  for (const [id, one] of asked) if (one.sessionID === sessionID) over(id)
  const { error, isAnswered } = turn
  // One that is broken off early tells of it in its answer alone, or leaves one that is not complete, or none.
  const isBroken = error ? error.name === 'MessageAbortedError' : !isAnswered
  const name = isBroken ? 'Interrupt' : error ? 'StopFailure' : 'Stop'
  const text = error ? error.data?.message ?? error.name : turn.text
  const leaves = isRun && !parents.get(sessionID)
  tell(sessionID, name, { turn_id: turn.id, last_assistant_message: text, ...(leaves && { leaves }) })
}

/** What a subagent used belongs to the conversation that it works for. */
function used({ id, sessionID, time, tokens, cost }) {
  const { input, output, reasoning, cache } = tokens
  const all = input + output + reasoning + cache.read + cache.write
  if (all === 0 || spent.get(id)?.all === all) return
  spent.set(id, { all, cost })
  const counts = {
    inputTokens: input,
    outputTokens: output,
    reasoningTokens: reasoning,
    cacheReadTokens: cache.read,
    cacheWriteTokens: cache.write,
    costUsd: cost,
  }
  const root = rootOf(sessionID)
  const at = new Date(time.completed).toISOString()
  write(root, { type: 'spent', id, at, counts, contextTokens: root === sessionID ? all : null })
  const every = [...spent.values()]
  const sum = (name) => every.reduce((total, one) => total + one[name], 0)
  write(root, { type: 'cost', costUsd: sum('cost'), tokens: sum('all') })
}

function rootOf(sessionID) {
  const parent = parents.get(sessionID)
  return parent ? rootOf(parent) : sessionID
}

function worked({ sessionID, callID, tool, state }) {
  const id = callID
  if (state.status === 'running' && !called.has(id)) {
    called.add(id)
    const at = new Date(state.time.start).toISOString()
    write(sessionID, { type: 'called', id, name: tool, input: state.input, at })
    tell(sessionID, 'PreToolUse', { turn_id: turns.get(sessionID)?.id ?? null })
  }
  if (state.status !== 'completed' && state.status !== 'error') return
  if (!called.delete(id)) return
  const failed = state.status === 'error'
  const output = String((failed ? state.error : state.output) ?? '').slice(0, LONGEST)
  write(sessionID, { type: 'returned', id, failed, output, at: new Date(state.time.end).toISOString() })
}

function ask(sessionID, id, { fields, reply }) {
  const event = nextId()
  const pipe = file + '.' + event + '.ask'
  if (spawnSync('mkfifo', ['-m', '600', pipe]).status !== 0) return
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  reader.stdout.on('data', (data) => {
    text += data
  })
  reader.on('close', () => {
    if (text !== '') Promise.resolve(reply(JSON.parse(text).hookSpecificOutput.decision)).catch(() => {})
  })
  asked.set(id, { sessionID, pipe, reader })
  tell(sessionID, 'PermissionRequest', fields, event)
}

function replied(id) {
  const { sessionID } = asked.get(id) ?? {}
  if (sessionID === undefined) return
  over(id)
  tell(sessionID, 'NotificationReplied', {})
}

function over(id) {
  const { pipe, reader } = asked.get(id)
  asked.delete(id)
  reader.kill('SIGKILL')
  rmSync(pipe, { force: true })
}

function tell(sessionID, name, fields, id = nextId()) {
  const subagent = parents.get(sessionID) ? { agent_id: sessionID, agent_type: agents.get(sessionID) ?? 'subagent' } : {}
  const about = { hook_event_name: name, session_id: sessionID, transcript_path: transcriptOf(sessionID), ...subagent }
  append(file, id + ' ' + JSON.stringify({ ...about, ...fields }))
}

function write(sessionID, entry) {
  if (!parents.get(sessionID)) append(transcriptOf(sessionID), JSON.stringify(entry))
}

function transcriptOf(sessionID) {
  return sessionID === null ? null : join(folder, sessionID.replace(/[^A-Za-z0-9_-]/g, '') + '.transcript')
}

function append(path, line) {
  appendFileSync(path, line + '\\n', { mode: 0o600 })
}

function nextId() {
  count += 1
  return Date.now() + '-' + count
}
`
