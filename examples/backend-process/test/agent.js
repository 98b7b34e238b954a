import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, watch } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * A program for the contract: it reads one JSON line for each message, notes what it received, and does what the
 * message says. Its arguments: the folder of its notes and, where the task is given as one, the task.
 */
const [folder = '', task] = process.argv.slice(2)
const note = `${folder}/${process.env.ORCH_AGENT_ID}`
appendFileSync(`${folder}/pids`, `${process.pid}\n`)

if (task !== undefined) take(task)
for await (const line of createInterface({ input: process.stdin })) take(JSON.parse(line).text)
process.exit(0) // the supervisor is gone

/** @param {string} text */
function take(text) {
  appendFileSync(`${note}.received`, `${JSON.stringify(text)}\n`)
  const [verb, rest = ''] = text.split(/ (.*)/s)
  if (verb === 'exit') process.exit(Number(rest))
  if (verb === 'answer') console.log(rest)
  if (verb === 'stubborn') ignoreHangUps()
  if (verb === 'work') whenFinished(() => console.log(rest))
}

function ignoreHangUps() {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => {})
  const child = 'trap "" HUP INT TERM; echo stubborn; exec tail -f /dev/null'
  const { pid } = spawn('/bin/sh', ['-c', child], { stdio: ['ignore', 'inherit', 'inherit'] })
  appendFileSync(`${folder}/pids`, `${pid}\n`)
}

/** @param {() => void} then */
function whenFinished(then) {
  const watcher = watch(folder, () => look())
  const look = () => {
    if (!existsSync(`${note}.finish`)) return
    watcher.close()
    then()
  }
  look()
}
