import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { identifyProcess, isOrchError, OrchError, ownerLiveness, recheck, TIMING } from '@orch/core'
import { createApi } from './api.ts'
import type { Http } from './http.ts'
import type { Place } from './place.ts'
import { listeningProcess, processesWith, sendSignal } from './process.ts'
import type { Program } from './program.ts'
import { putAwayNoted } from './put-away-later.ts'
import { askVersion, managedServer, type Server } from './server.ts'
import { placeOf, type ServerRecord, writeServerRecord } from './server-file.ts'
import type { StartClaim } from './start-claim.ts'

/** What a start needs beside the claim. */
export interface StartContext {
  /** The folder of the server's files; also where the server works. */
  readonly folder: string
  readonly program: Program
  readonly env: Readonly<Record<string, string | undefined>>
  readonly dataFolder: string
  readonly http: Http
}

/** How long a server that listens may take to answer, in milliseconds. */
const FIRST_ANSWER_MS = 10_000

/** Variables that speak of the process that happens to start the server and would mislead everything in it. */
const NOT_INHERITED = [
  'OPENCODE',
  'OPENCODE_PID',
  'OPENCODE_SERVER_USERNAME',
  'ORCH_AGENT_ID',
  'ORCH_WORKSPACE',
  'ORCH_PROJECT',
]

/** A free port and a password for the next server. */
export async function drawPlace(): Promise<{ port: number; password: string }> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, password: randomBytes(32).toString('base64url') }
}

/**
 * Starts `opencode serve`, detached, on loopback, and records it once it answers. The caller holds the claim.
 * @throws OrchError `BACKEND_UNREACHABLE` when it ended at once, `TIMEOUT`; nothing is left running then.
 */
export async function startServer(context: StartContext, claim: StartClaim, signal: AbortSignal): Promise<Server> {
  const { folder, program, http } = context
  const startedAt = new Date().toISOString()
  const log = join(folder, 'server.log')
  const child = launch(context, claim, log)
  try {
    const url = await listening({ log, program, ended: child.ended }, signal)
    const pid = servingProcess(claim, child.pid)
    const identity = identifyProcess(pid)
    if (identity === null) throw startError(program, log, 'it ended at once')
    const place = placeOf({ url, password: claim.password })
    const version = await firstAnswer(http, place, signal)
    const { dataFolder } = context
    const { password, generation } = claim
    const record: ServerRecord = { url, password, process: identity, version, dataFolder, startedAt, generation, log }
    const server = managedServer(record, version)
    await putAwayNoted(folder, dataFolder, createApi(http, server, signal))
    writeServerRecord(folder, record)
    return server
  } catch (error) {
    await endUnrecorded(claim, child.pid)
    throw error
  }
}

/** Whether a start failed only because something else took its port meanwhile. */
export function isPortTaken(error: unknown): boolean {
  return isOrchError(error) && error.message.includes('printed "ServeError"')
}

/** Ends what a start left behind that never became the recorded server: nobody knows its password. */
export async function endUnrecorded(claim: StartClaim, pid?: number): Promise<void> {
  const found = processesWith('OPENCODE_SERVER_PASSWORD', claim.password).map((process) => process.pid)
  const all = new Set(pid === undefined ? found : [...found, pid])
  const identities = [...all].flatMap((each) => identifyProcess(each) ?? [])
  for (const identity of identities) sendSignal(identity.pid, 'SIGKILL')
  await recheck(() => (identities.every((each) => ownerLiveness(each) === 'gone') ? true : undefined), {
    timeoutMs: 5_000,
  })
}

function launch(
  { folder, program, env }: StartContext,
  { port, password }: StartClaim,
  log: string,
): { pid: number | undefined; ended: () => string | null } {
  const inherited = Object.entries(env).filter(([name]) => !NOT_INHERITED.includes(name))
  const output = openSync(log, 'w', 0o600)
  const child = spawn(program.path, ['serve', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...Object.fromEntries(inherited), OPENCODE_SERVER_PASSWORD: password },
  })
  closeSync(output)
  child.unref()
  let end: string | null = null
  child.on('error', (error) => {
    end = error.message
  })
  child.on('exit', (code, killedBy) => {
    end = killedBy === null ? `it ended with code ${code}` : `it was ended by ${killedBy}`
  })
  return { pid: child.pid, ended: () => end }
}

/** A request before this line is accepted and never answered, so it is waited for. */
async function listening(
  { log, program, ended }: { log: string; program: Program; ended: () => string | null },
  signal: AbortSignal,
): Promise<string> {
  const look = (): string | undefined => {
    const url = /listening on (http:\/\/\S+)/.exec(readFileSync(log, 'utf8'))?.[1]
    const end = ended()
    if (url === undefined && end !== null) throw startError(program, log, end)
    return url
  }
  const url = await recheck(look, { timeoutMs: TIMING.createTimeoutMs, signal })
  if (url !== undefined) return url
  throw new OrchError(
    'TIMEOUT',
    `Cannot start the OpenCode server: it does not listen after ${TIMING.createTimeoutMs} ms`,
    {
      hint: `Read its log: ${log}`,
      retryable: true,
    },
  )
}

/** It listens and may still refuse its first requests; what a retry does not mend is thrown at once. */
async function firstAnswer(http: Http, place: Place, signal: AbortSignal): Promise<string> {
  let last: unknown
  const look = (): Promise<string | undefined> =>
    askVersion(http, place, signal).catch((error: unknown) => {
      if (!isOrchError(error) || !error.retryable) throw error
      last = error
      return undefined
    })
  const version = await recheck(look, { timeoutMs: FIRST_ANSWER_MS, signal })
  if (version === undefined) throw last
  return version
}

/** A launcher script may stand between, and a child looks like its parent until it becomes another program. */
function servingProcess({ password, port }: StartClaim, launched: number | undefined): number {
  const candidates = processesWith('OPENCODE_SERVER_PASSWORD', password).map(({ pid }) => pid)
  return listeningProcess(port, candidates) ?? launched ?? 0
}

function startError(program: Program, log: string, end: string): OrchError {
  const said = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? ''
  const printed = said === '' ? '' : `; it printed "${said.slice(0, 300)}"`
  return new OrchError('BACKEND_UNREACHABLE', `Cannot start the OpenCode server "${program.path}": ${end}${printed}`, {
    hint: `Read its log: ${log}`,
  })
}
