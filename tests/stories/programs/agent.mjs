// A small interactive agent program for a terminal: it takes messages as bracketed pastes, as agent programs do, writes
// each one it got to "received.jsonl" in its workspace, and does what the markers in it say.
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'

const workspace = process.env.ORCH_WORKSPACE
const print = (text) => process.stdout.write(`${text.replaceAll('\n', '\r\n')}\r\n`)

const actions = {
  print: (text) => print(unescaped(text)),
  count: (text) => {
    for (let line = 1; line <= Number(text); line += 1) print(`line ${line}`)
  },
  ask: (text) => appendFileSync(`${workspace}/WORKSPACE.md`, `QUESTION: ${text}\n`),
  phase: (text) => report(...text.split(' - ')),
  child: () => print(`child ${spawn('sleep', ['infinity'], { detached: true, stdio: 'ignore' }).pid}`),
  exit: (text) => process.exit(Number(text)),
}

let command
let buffer = ''
let message = ''

process.stdin.setRawMode(true)
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk) => {
  buffer += chunk
  while (takeNext());
})
process.stdout.write('\u001b[?2004h')
print('agent ready')

/** Takes a whole paste, or one typed character; `false` when more has to come. */
function takeNext() {
  const [open, close] = ['\u001b[200~', '\u001b[201~']
  if (buffer === '' || (open.startsWith(buffer) && buffer !== open)) return false
  const end = buffer.startsWith(open) ? buffer.indexOf(close) : 0
  if (end < 0) return false
  const [text, length] = end > 0 ? [buffer.slice(open.length, end), end + close.length] : [buffer[0], 1]
  buffer = buffer.slice(length)
  if (end > 0 || text !== '\r') message += text
  else take()
  return true
}

function take() {
  const text = message
  message = ''
  command ??= /```sh\n(.* phase PHASE --note NOTE --id .*?)\n```/s.exec(text)?.[1]
  appendFileSync(`${workspace}/received.jsonl`, `${JSON.stringify(text)}\n`)
  print(`took: ${text.split('\n')[0]}`)
  for (const [, name, argument] of text.matchAll(/\[\[([a-z]+)(?::\s*(.*?))?\]\]/g)) actions[name]?.(argument ?? '')
}

/** Runs the report command of its first message through a shell, as a model would. */
function report(phase, note = 'no note') {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`
  const line = command.replace(' PHASE ', () => ` ${quoted(phase)} `).replace(' NOTE ', () => ` ${quoted(note)} `)
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' })
  print(`reported: ${status} ${stdout}${stderr}`.trim())
}

function unescaped(text) {
  const character = (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))
  return text.replaceAll('\\n', '\n').replace(/\\x([0-9a-f]{2})/g, character)
}
