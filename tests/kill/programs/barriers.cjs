// Loaded before an orch that was built with barriers: writes down each barrier it reaches, and kills its process with
// SIGKILL at the one that ORCH_TEST_BARRIER names (`name#2`: where it is reached the second time).
const { appendFileSync } = require('node:fs')

const { ORCH_TEST_BARRIER: last, ORCH_TEST_BARRIER_LOG: log } = process.env
const times = new Map()

globalThis.orchBarrier = (name) => {
  const time = (times.get(name) ?? 0) + 1
  times.set(name, time)
  appendFileSync(log, `${name}#${time}\n`)
  if (`${name}#${time}` === last) process.kill(process.pid, 'SIGKILL')
}
