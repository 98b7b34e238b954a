import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { identifyProcess, recheck } from '@orch/core'
import { createBackend } from '../src/index.js'

const PROGRAM = fileURLToPath(new URL('agent.js', import.meta.url))
const ALWAYS = /** @type {const} */ (['existence', 'process', 'lastActivityAt'])

/**
 * A fresh place for one case: a folder of its own, and so a supervisor of its own.
 *
 * @param {import('@orch/core').ProgramSpec['promptBy']} promptBy
 * @returns {Promise<import('@orch/core/contract').World>}
 */
export async function createWorld(promptBy) {
  const folder = mkdtempSync(join(tmpdir(), 'process-'))
  const host = { name: 'process', stateDirectory: folder, namespace: 'contract0000', env: process.env }
  const options = { answerMs: 2_000 }
  const factory = createBackend(options)
  const backend = factory(host)
  const { signal } = new AbortController()
  const program = { name: 'agent', command: process.execPath, args: [PROGRAM, folder], env: {}, promptBy }
  const supervisor = async () => Number(/supervisor (\d+)/.exec(await seen())?.[1] ?? 0)
  const seen = async () => {
    const nobody = { id: 'nobody', target: backend.target, handle: null, directory: folder, facts: null, attempts: [] }
    const { existence } = /** @type {import('@orch/core').Observation} */ (
      (await backend.observe([nobody], signal)).observations[0]
    )
    return existence.known ? existence.evidence.detail : existence.reason.text
  }
  /** @type {number | null} */
  let frozen = null
  const kill = async () => {
    const pid = frozen ?? (await supervisor())
    frozen = null
    if (pid > 0) await end(pid)
  }
  return {
    backend,
    prompts: {
      answer: (text) => `answer ${text}`,
      work: (text) => `work ${text}`,
      ask: (text) => `ask ${text}`,
      fail: () => 'fail',
      exit: (code) => `exit ${code}`,
      stubborn: () => 'stubborn',
    },
    known: {
      created: ALWAYS,
      begun: ALWAYS,
      exited: ALWAYS,
      stopped: ['existence'],
      killed: ['existence', 'process'],
    },
    elsewhere: {
      module: new URL('../src/index.js', import.meta.url).href,
      options,
      host: { name: host.name, stateDirectory: folder, namespace: host.namespace },
      env: process.env,
      nodeArguments: [],
    },
    open: async (more) => factory({ ...host, ...more }),
    light: { program: { name: 'tail', command: 'tail', args: ['-f', '/dev/null'], env: {}, promptBy: 'none' } },
    request(overrides = {}) {
      const id = `agent-${randomBytes(6).toString('hex')}`
      const workspace = join(folder, id)
      mkdirSync(workspace)
      return {
        id,
        title: 'A task',
        prompt: 'answer ready',
        project: folder,
        directory: folder,
        workspace,
        target: backend.target,
        program,
        programName: null,
        model: null,
        mode: null,
        permission: null,
        permissionRules: [],
        env: { ORCH_AGENT_ID: overrides.id ?? id },
        ...overrides,
      }
    },
    received: async ({ id }) => linesOf(join(folder, `${id}.received`)).map((line) => JSON.parse(line)),
    finish: async ({ id }) => writeFileSync(join(folder, `${id}.finish`), ''),
    killServer: kill,
    async freezeServer() {
      frozen = await supervisor()
      process.kill(frozen, 'SIGSTOP')
    },
    async thawServer() {
      if (frozen !== null) process.kill(frozen, 'SIGCONT')
      frozen = null
    },
    async leftovers() {
      const found = await backend.find([backend.target], signal)
      const running = agentPids(folder).filter((pid) => identifyProcess(pid) !== null)
      return [...found.map(({ detail }) => detail), ...running.map((pid) => `process ${pid} runs`)]
    },
    async dispose() {
      await kill()
      for (const pid of agentPids(folder)) await end(pid)
      rmSync(folder, { recursive: true })
    },
  }
}

/** @param {string} folder */
function agentPids(folder) {
  return linesOf(join(folder, 'pids')).map(Number)
}

/** @param {number} pid */
async function end(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return // it has ended by itself
  }
  await recheck(() => (identifyProcess(pid) === null ? true : undefined), { timeoutMs: 5_000 })
}

/** @param {string} path */
function linesOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}
