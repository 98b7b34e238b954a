// Writes the time, again and again, when it is told how often and how many milliseconds apart (`100 30`): to a transcript as
// Claude Code writes one, which is named, or else to the terminal.
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [transcript] = process.argv.slice(2)
const print = (text) => process.stdout.write(`${text}\n`)
const write = (text) => {
  const message = { role: 'assistant', content: [{ type: 'text', text }] }
  const line = { type: 'assistant', uuid: crypto.randomUUID(), timestamp: new Date().toISOString(), message }
  appendFileSync(transcript, `${JSON.stringify(line)}\n`)
}
const say = transcript === undefined ? print : write
if (transcript !== undefined) write('Ready')
createInterface({ input: process.stdin }).on('line', (told) => {
  const [count, apart] = told.split(' ').map(Number)
  for (let nth = 0; nth < count; nth++) setTimeout(() => say(`@${process.hrtime.bigint()};`), nth * apart)
})
