// A small agent program with a conversation that outlives it: takes the options that orch passes to Claude Code, runs the
// hooks that they name, keeps its transcript and its status below HOME, and answers with how many messages it was given.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: {
    settings: { type: 'string' },
    'session-id': { type: 'string' },
    resume: { type: 'string' },
    'add-dir': { type: 'string' },
  },
  allowPositionals: true,
})
/** An empty line to type in, which a rule ends; the cursor goes into it. */
const COMPOSER = '\r\u001b[J❯ \r\n────\u001b[A\u001b[3G'

const { HOME, ORCH_WORKSPACE } = process.env
const session = values.resume ?? values['session-id']
const transcript = `${HOME}/.claude/projects/${session}.jsonl`
const { hooks } = JSON.parse(readFileSync(values.settings, 'utf8'))

if (values.resume !== undefined && !existsSync(transcript)) {
  process.stderr.write(`No conversation found with session ID: ${session}\n`)
  process.exit(1)
}
for (const folder of ['projects', 'sessions']) mkdirSync(`${HOME}/.claude/${folder}`, { recursive: true })
process.stdin.setRawMode(true)
process.stdout.write('\u001b[?2004h')
tell('SessionStart', { source: values.resume === undefined ? 'startup' : 'resume' })
note('idle')
for (const text of positionals) take(text)
process.stdout.write(COMPOSER)

let typed = ''
process.stdin.on('data', (chunk) => {
  typed += chunk
  for (let end = typed.indexOf('\r'); end >= 0; end = typed.indexOf('\r')) {
    const text = typed.slice(0, end).replaceAll('\u001b[200~', '').replaceAll('\u001b[201~', '')
    typed = typed.slice(end + 1)
    take(text)
    process.stdout.write(COMPOSER)
  }
})

function take(text) {
  appendFileSync(`${ORCH_WORKSPACE}/received.txt`, `${text}\n`)
  note('busy')
  say('user', text)
  tell('UserPromptSubmit', { prompt: text })
  if (text === 'stay') return
  const count = readFileSync(transcript, 'utf8').match(/"type":"user"/g).length
  const answer = `That makes ${count}`
  say('assistant', answer)
  tell('Stop', { last_assistant_message: answer })
  note('idle')
}

function say(type, text) {
  const line = { type, uuid: randomUUID(), timestamp: new Date().toISOString(), message: { content: text } }
  appendFileSync(transcript, `${JSON.stringify(line)}\n`)
}

function tell(name, fields) {
  const input = JSON.stringify({ session_id: session, transcript_path: transcript, hook_event_name: name, ...fields })
  for (const { command } of hooks[name].flatMap((entry) => entry.hooks))
    execFileSync('/bin/sh', ['-c', command], { input })
}

function note(status) {
  const started = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19]
  const content = { status, statusUpdatedAt: Date.now(), procStart: started }
  writeFileSync(`${HOME}/.claude/sessions/${process.pid}.json`, JSON.stringify(content))
}
