// Loaded before orch: writes the command line of every process it starts to the file that ORCH_TEST_PROCESSES names.
const childProcess = require('node:child_process')
const { appendFileSync } = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const log = (argv) => appendFileSync(process.env.ORCH_TEST_PROCESSES, `${JSON.stringify(argv)}\n`)

const { spawn } = childProcess.ChildProcess.prototype
childProcess.ChildProcess.prototype.spawn = function (options) {
  log([options.file, ...options.args.slice(1)])
  return spawn.call(this, options)
}

for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  const original = childProcess[name]
  childProcess[name] = (file, ...rest) => {
    log([file, ...(Array.isArray(rest[0]) ? rest[0] : [])])
    return original(file, ...rest)
  }
}

syncBuiltinESMExports()
