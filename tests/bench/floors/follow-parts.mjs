// Prints what is added to a log, over all the parts in which it is written.
import { closeSync, existsSync, openSync, readdirSync, readSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

const [first] = process.argv.slice(2)
const own = readdirSync(dirname(first)).filter((name) => name.startsWith(basename(first)))
const starts = own.map((name) => Number(name.slice(basename(first).length + 1)))
let start = Math.max(...starts)
let at = 0
const pathOf = (offset) => (offset === 0 ? first : `${first}.${offset}`)
let descriptor = openSync(pathOf(start), 'r')
const bytes = Buffer.alloc(2 ** 20)
const readOn = (say) => {
  for (;;) {
    const count = readSync(descriptor, bytes, 0, bytes.length, at)
    at += count
    if (count > 0) say(bytes.toString('latin1', 0, count))
    else if (at > 0 && existsSync(pathOf(start + at))) {
      closeSync(descriptor)
      start += at
      at = 0
      descriptor = openSync(pathOf(start), 'r')
    } else return
  }
}
const watcher = watch(dirname(first), () => readOn((text) => process.stdout.write(text)))
readOn(() => {})
process.once('SIGTERM', () => watcher.close())
