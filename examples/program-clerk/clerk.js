#!/usr/bin/env node
// An agent program in small: it takes its task as an argument or typed, tells hooks what happens, asks, and writes down what was said.
import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: { hooks: { type: 'string' }, session: { type: 'string', default: randomUUID() } },
  allowPositionals: true,
})
const hooks = values.hooks === undefined ? {} : JSON.parse(readFileSync(values.hooks, 'utf8'))
const folder = process.env.CLERK_FOLDER ?? join(process.env.HOME ?? '.', '.clerk')
const transcript = join(folder, `${values.session}.jsonl`)
const gate = join(folder, `${values.session}.go`)

/** Messages that wait behind the turn that runs. @type {{ id: string, text: string }[]} */
const waiting = []
let isBusy = false
/** Ends what the turn waits for. @type {((how: 'allow' | 'deny' | 'interrupt') => void) | null} */
let decide = null
let draft = ''

mkdirSync(folder, { recursive: true })
process.stdin.setRawMode(true)
if (process.env.CLERK_ASKS_TRUST === undefined) begin()
else {
  process.stdout.write('May I work in this folder? (y)\r\n')
  process.stdin.on('data', function answered(chunk) {
    if (!chunk.includes('y')) return
    process.stdin.off('data', answered)
    begin()
  })
}

function begin() {
  process.stdin.on('data', (chunk) => read(chunk.toString()))
  process.stdout.write('\u001b[?2004h')
  show('Clerk at work')
  tell('SessionStart', { source: 'startup' })
  if (positionals.length > 0) submit(positionals.join(' '))
}

/** Shows a line above the one to type in. */
function show(text) {
  process.stdout.write(`\r\u001b[K${text.replaceAll('\n', '\r\n')}\r\n> ${draft.split('\n')[0]}`)
}

const [OPEN, CLOSE] = ['\u001b[200~', '\u001b[201~']
let unread = ''

/** What was typed or pasted, of which a part may still be on its way. */
function read(chunk) {
  unread += chunk
  while (unread !== '') {
    if (unread.startsWith(OPEN)) {
      const end = unread.indexOf(CLOSE)
      if (end < 0) return
      type(unread.slice(OPEN.length, end))
      unread = unread.slice(end + CLOSE.length)
    } else if (unread.length > 1 && OPEN.startsWith(unread)) {
      return
    } else {
      press(unread.slice(0, 1))
      unread = unread.slice(1)
    }
  }
}

function type(text) {
  draft += text
  process.stdout.write(text.split('\n')[0] ?? '')
}

function press(key) {
  if (key === '\u001b') return decide?.('interrupt')
  if (key === '\u0015') {
    draft = ''
    return process.stdout.write('\r\u001b[K> ')
  }
  if (key === 'y' && decide !== null && draft === '') return decide('allow')
  if (key === 'n' && decide !== null && draft === '') return decide('deny')
  if (key !== '\r') return type(key)
  const text = draft
  draft = ''
  show('')
  if (text !== '') submit(text)
}

function submit(text) {
  const id = note('user', text)
  tell('UserPromptSubmit', { message_id: id, prompt: text })
  waiting.push({ id, text })
  if (!isBusy) void work()
}

async function work() {
  isBusy = true
  while (waiting.length > 0) {
    const { id, text } = waiting.shift()
    const { name, said } = await turn(text)
    tell(name, { message_id: id, last_assistant_message: said })
  }
  isBusy = false
}

/** Does what a message says, and resolves to how that ended. */
async function turn(text) {
  const [verb, rest = ''] = text.split(/ (.*)/s)
  if (verb === 'exit') {
    tell('SessionEnd', {})
    process.exit(Number(rest))
  }
  if (verb === 'fail') return { name: 'StopFailure', said: 'It went wrong' }
  if (verb === 'stubborn') await ignoreHangUps()
  say(verb === 'answer' || verb === 'work' ? rest : `Read ${text.length} characters`)
  const said = verb === 'work' ? await untilGoing(rest) : verb === 'ask' ? await permission(rest) : rest
  return said === null ? { name: 'Interrupt', said: '' } : { name: 'Stop', said }
}

/** Waits for the gate; `null` when it was interrupted. */
function untilGoing(said) {
  return new Promise((resolve) => {
    const watcher = watch(dirname(gate), () => look())
    const end = (value) => {
      watcher.close()
      decide = null
      resolve(value)
    }
    const look = () => {
      if (existsSync(gate)) end(said)
    }
    decide = (how) => {
      if (how === 'interrupt') end(null)
    }
    look()
  })
}

/** Asks the hook and the person at once; who answers first counts. `null` when it was interrupted. */
async function permission(what) {
  show(`May I ${what}? (y, n)`)
  const hook = ask({ tool_name: 'clerk', tool_input: { command: what } })
  const byKey = new Promise((resolve) => {
    decide = resolve
  })
  const how = await Promise.race([hook, byKey])
  decide = null
  if (how === 'interrupt') return null
  tell('PermissionReplied', {})
  const said = how === 'allow' ? `I may ${what}` : `I may not ${what}`
  say(said)
  return said
}

/** Resolves when the hook decides, and never when it leaves that to the person. */
function ask(fields) {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', hooks.PermissionRequest ?? 'true'], { stdio: ['pipe', 'pipe', 'ignore'] })
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.on('close', () => text !== '' && resolve(JSON.parse(text).hookSpecificOutput.decision.behavior))
    child.stdin.end(JSON.stringify(event('PermissionRequest', fields)))
  })
}

/** A program that ends only when it is killed, and a child of it; resolves once both are so. */
function ignoreHangUps() {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => {})
  const script = 'trap "" HUP INT TERM; echo stubborn; exec tail -f /dev/null'
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((resolve) => {
    child.stdout.once('data', (text) => resolve(say(String(text).trim())))
  })
}

function say(text) {
  note('assistant', text)
  show(text)
}

function note(role, text) {
  const line = { id: randomUUID(), at: new Date().toISOString(), role, text }
  appendFileSync(transcript, `${JSON.stringify(line)}\n`)
  return line.id
}

function tell(name, fields) {
  const command = hooks[name]
  if (command !== undefined) spawnSync('/bin/sh', ['-c', command], { input: JSON.stringify(event(name, fields)) })
}

function event(name, fields) {
  return { hook_event_name: name, session_id: values.session, transcript_path: transcript, ...fields }
}
