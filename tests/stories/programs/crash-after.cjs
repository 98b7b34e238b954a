// Loaded before orch: counts every effect on the outside (a file written, a process started or ended, a request sent or
// answered) and kills its process with SIGKILL right after the one whose number ORCH_TEST_CRASH_AFTER says.
const childProcess = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const { syncBuiltinESMExports } = require('node:module')
const promises = require('node:fs/promises')

const last = Number(process.env.ORCH_TEST_CRASH_AFTER)
let effects = 0

function happened() {
  effects += 1
  if (effects === last) process.kill(process.pid, 'SIGKILL')
}

for (const name of ['writeSync', 'writeFileSync', 'appendFileSync', 'linkSync', 'renameSync', 'mkdirSync', 'rmSync']) {
  const original = fs[name]
  fs[name] = (...args) => {
    const result = original(...args)
    happened()
    return result
  }
}

for (const name of ['writeFile', 'appendFile', 'rename', 'link', 'mkdir', 'rm']) {
  const original = promises[name]
  promises[name] = async (...args) => {
    const result = await original(...args)
    happened()
    return result
  }
}

const { spawn } = childProcess.ChildProcess.prototype
childProcess.ChildProcess.prototype.spawn = function (...args) {
  const result = spawn.apply(this, args)
  this.prependOnceListener('exit', happened)
  happened()
  return result
}

const { request } = http
http.request = (...args) => {
  const sent = request(...args)
  sent.prependOnceListener('finish', happened)
  sent.prependOnceListener('response', happened)
  return sent
}

syncBuiltinESMExports()
