// Adds a line of the same length to each of some files, synced, and prints the milliseconds that one took.
import { closeSync, constants, fdatasyncSync, openSync, readdirSync, writeSync } from 'node:fs'

const [folder, count, line] = process.argv.slice(2)
const files = readdirSync(folder).slice(0, Number(count))
const before = performance.now()
for (const file of files) {
  const descriptor = openSync(`${folder}/${file}`, constants.O_WRONLY | constants.O_APPEND)
  writeSync(descriptor, `${line}\n`)
  fdatasyncSync(descriptor)
  closeSync(descriptor)
}
process.stdout.write(String((performance.now() - before) / files.length))
