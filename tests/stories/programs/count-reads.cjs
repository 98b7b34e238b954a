// Counts how often files whose paths hold ORCH_TEST_READS are opened, and how many bytes are read of them; says so on stderr
// at the end.
const fs = require('node:fs')

const { openSync, readSync, readFileSync } = fs
const counted = new Set()
const seen = { opens: 0, bytes: 0 }
const isCounted = (path) => String(path).includes(process.env.ORCH_TEST_READS)
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest)
  if (isCounted(path)) counted.add(descriptor)
  else counted.delete(descriptor)
  if (isCounted(path)) seen.opens += 1
  return descriptor
}
fs.readSync = (descriptor, ...rest) => {
  const bytes = readSync(descriptor, ...rest)
  if (counted.has(descriptor)) seen.bytes += bytes
  return bytes
}
fs.readFileSync = (path, ...rest) => {
  const content = readFileSync(path, ...rest)
  if (isCounted(path)) seen.opens += 1
  if (isCounted(path)) seen.bytes += content.length
  return content
}
process.on('exit', () => process._rawDebug(JSON.stringify(seen)))
