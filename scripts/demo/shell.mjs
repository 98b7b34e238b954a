import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import { eventually } from '../../tests/harness/eventually.ts'

const colors = process.stdout.hasColors?.() === true
const look = (style, text) => (colors ? styleText(style, text) : text)

/** Runs commands in one folder, shows each as a person would type it, and what it prints as it prints it. */
export class Shell {
  #env
  #directory
  #signal
  #hidden
  #blocks = []
  #watchers = []

  /** @param paths what `recording` writes instead of the paths of this machine, in this order */
  constructor({ env, directory, signal, paths }) {
    this.#env = env
    this.#directory = directory
    this.#signal = signal
    this.#hidden = Object.entries(paths)
  }

  /** A sentence between the commands. */
  say(text) {
    const block = [`# ${text}`]
    this.#blocks.push(block)
    console.log(look('cyan', `\n${block[0]}`))
  }

  /** Runs a command to its end and returns what it printed. Throws unless it exits with 0. */
  async run(argv) {
    const block = this.#begin(quoted(argv))
    const child = this.#start(argv, (line) => {
      block.push(line)
      console.log(line)
    })
    const code = await child.ended
    this.#signal.throwIfAborted()
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}`)
    return block.slice(1).join('\n')
  }

  /** Waits until `look` says yes; gives up after ten seconds, and at once when the demo is stopped. */
  async until(look, what) {
    const stopped = () => this.#signal.aborted
    await eventually(async () => stopped() || (await look()), { what })
    this.#signal.throwIfAborted()
  }

  /** Runs a command beside the others, as in a second terminal; every line that it prints carries `name`. */
  watch(argv, name) {
    const block = this.#begin(`${quoted(argv)} &`)
    const child = this.#start(argv, (line) => {
      block.push(line)
      console.log(`${look('magenta', `${name} |`)} ${line}`)
    })
    const watcher = { ...child, lines: block }
    this.#watchers.push(watcher)
    return watcher
  }

  /** Every command followed by what it printed, those that ran beside others included. */
  recording() {
    const text = this.#blocks.map((block) => block.join('\n')).join('\n\n')
    return `${this.#hidden.reduce((shown, [path, name]) => shown.replaceAll(path, name), text)}\n`
  }

  /** Ends what still runs beside. */
  async close() {
    for (const { child, ended } of this.#watchers) {
      child.kill('SIGKILL')
      await ended
    }
  }

  #begin(shown) {
    this.#signal.throwIfAborted()
    const block = [`$ ${shown}`]
    this.#blocks.push(block)
    console.log(`\n${look('green', '$')} ${look('bold', shown)}`)
    return block
  }

  #start([program, ...args], onLine) {
    const options = { cwd: this.#directory, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] }
    const child = spawn(program, args, options)
    const streams = [child.stdout, child.stderr].map((stream) => {
      const lines = createInterface({ input: stream })
      lines.on('line', onLine)
      return once(lines, 'close')
    })
    const exit = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(code ?? signal))
    })
    const abort = () => child.kill('SIGKILL')
    this.#signal.addEventListener('abort', abort, { once: true })
    const ended = Promise.all([exit, ...streams]).then(([code]) => {
      this.#signal.removeEventListener('abort', abort)
      return code
    })
    return { child, ended }
  }
}

function quoted(argv) {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word}"`)).join(' ')
}
