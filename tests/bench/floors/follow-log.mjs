// Prints the last 20 lines of a file and what is added to it, as `tail -f` does.
import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs'

const [file] = process.argv.slice(2)
const descriptor = openSync(file, 'r')
let at = 0
const readOn = () => {
  const bytes = Buffer.alloc(fstatSync(descriptor).size - at)
  at += readSync(descriptor, bytes, 0, bytes.length, at)
  return bytes.toString()
}
const watcher = watch(file, () => process.stdout.write(readOn()))
process.stdout.write(readOn().split('\n').slice(-21).join('\n'))
process.once('SIGTERM', () => {
  watcher.close()
  closeSync(descriptor)
})
