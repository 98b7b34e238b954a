import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeadlineError, OrchError, recheck, withDeadline } from '@orch/core'
import { onLines } from './protocol.js'

/** How long it may take over an act, in milliseconds: a program that does not read holds a message up. */
const ACT_MS = 15_000
/** How long a new supervisor may take to listen, in milliseconds. */
const START_MS = 15_000
/** What a Unix socket's path may have at most, with room for the draft's ending. */
const PATH_BYTES = 90

const SOCKET = /^(\d+)\.sock$/

/**
 * The only file that opens a socket or starts the supervisor. Each incarnation of the supervisor listens at the next
 * number, and numbers are never given again; so two clients that find the last one dead cannot start two.
 */
export class Client {
  /** Where the supervisor listens. @readonly */
  folder
  #answerMs

  /** @param {string} folder @param {number} answerMs */
  constructor(folder, answerMs) {
    this.folder = folder
    this.#answerMs = answerMs
  }

  /**
   * One request and its answer; `null` when no supervisor runs, which a refused connection proves.
   *
   * @param {string} method
   * @param {object} request
   * @param {AbortSignal} signal
   * @param {string} [path] where it listens; the newest one when left out
   * @returns {Promise<any>}
   */
  async call(method, request, signal, path = this.#path(this.#newest())) {
    signal.throwIfAborted()
    const timeoutMs = ['list', 'read'].includes(method) ? this.#answerMs : ACT_MS
    try {
      return await withDeadline(timeoutMs, signal, (inner) => this.#ask(path, { method, ...request }, inner))
    } catch (cause) {
      if (!(cause instanceof DeadlineError)) throw cause
      throw new OrchError('BACKEND_UNREACHABLE', `Cannot talk to the supervisor: no answer within ${timeoutMs} ms`, {
        hint: 'Look at the process that listens in the state directory',
        outcome: 'unknown',
        retryable: true,
        cause,
      })
    }
  }

  /** Makes sure that a supervisor runs. @param {AbortSignal} signal */
  async start(signal) {
    const newest = this.#newest()
    if ((await this.call('list', {}, signal, this.#path(newest))) !== null) return
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    // The next number after the one that is seen to be dead: by now another client may have started that.
    const path = this.#path(newest + 1)
    if (Buffer.byteLength(path) > PATH_BYTES)
      throw new OrchError('CREATE_FAILED', `Cannot start the supervisor: the path "${path}" is too long for a socket`, {
        hint: 'Set XDG_STATE_HOME to a shorter path',
      })
    const script = fileURLToPath(new URL('supervisor.js', import.meta.url))
    const env = { PATH: process.env.PATH }
    const isUp = async () => ((await this.call('list', {}, signal)) === null ? undefined : true)
    spawn(process.execPath, [script, path], { cwd: '/', env, detached: true, stdio: 'ignore' }).unref()
    if (!(await recheck(isUp, { timeoutMs: START_MS, signal })))
      throw new OrchError('BACKEND_UNREACHABLE', `Cannot start the supervisor: it does not listen at "${path}"`, {
        hint: `Run "node ${script} ${path}" and read what it says`,
      })
  }

  /**
   * What the supervisor tells from now on; ends when the connection does.
   *
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<import('./protocol.js').Told>}
   */
  async *follow(signal) {
    const socket = connect(this.#path(this.#newest()))
    const close = () => socket.destroy()
    signal.addEventListener('abort', close, { once: true })
    /** @type {import('./protocol.js').Told[]} */
    const told = []
    let isOver = signal.aborted
    let wake = () => {}
    socket.on('error', () => {})
    socket.on('close', () => {
      isOver = true
      wake()
    })
    onLines(socket, (line) => {
      told.push(JSON.parse(line))
      wake()
    })
    socket.write('{"method":"follow"}\n')
    try {
      while (!isOver || told.length > 0) {
        yield* told.splice(0)
        if (!isOver && told.length === 0) await new Promise((resolve) => (wake = () => resolve(undefined)))
      }
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  /** @param {string} path @param {object} request @param {AbortSignal} signal */
  #ask(path, request, signal) {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      const close = () => socket.destroy()
      signal.addEventListener('abort', close, { once: true })
      onLines(socket, (line) => {
        resolve(JSON.parse(line))
        close()
      })
      socket.on('error', (error) => (isNobody(error) ? resolve(null) : reject(failed(error))))
      socket.on('close', () => {
        signal.removeEventListener('abort', close)
        reject(failed('it ended before it answered'))
      })
      socket.write(`${JSON.stringify(request)}\n`)
    })
  }

  /** @param {number} number */
  #path(number) {
    return join(this.folder, `${number}.sock`)
  }

  #newest() {
    return namesIn(this.folder).reduce((newest, name) => Math.max(newest, Number(SOCKET.exec(name)?.[1] ?? 0)), 0)
  }
}

/** @param {string} folder */
function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** @param {Error} error */
function isNobody(error) {
  return ['ENOENT', 'ECONNREFUSED'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')
}

/** @param {unknown} cause */
function failed(cause) {
  const text = cause instanceof Error ? cause.message : String(cause)
  const hint = 'Run "orch status" to see what is there now'
  return new OrchError('BACKEND_UNREACHABLE', `Cannot talk to the supervisor: ${text}`, { hint, outcome: 'unknown' })
}
