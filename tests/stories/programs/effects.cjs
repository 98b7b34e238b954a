// Counts every effect of a process on the outside: a file written, a process started or ended, a request sent or
// answered. Calls `act` right after the one with number `last`; 0 is before the first.
const childProcess = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const { syncBuiltinESMExports } = require('node:module')
const promises = require('node:fs/promises')

// What is kept of the compiled code, as a process ends, is no effect of its command.
process.env.NODE_DISABLE_COMPILE_CACHE = '1'

module.exports = function afterEffect(last, act) {
  let effects = 0
  const happened = () => {
    effects += 1
    if (effects === last) act()
  }

  for (const name of [
    'writeSync',
    'writeFileSync',
    'appendFileSync',
    'linkSync',
    'renameSync',
    'mkdirSync',
    'rmSync',
  ]) {
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
  if (last === 0) act()
}
