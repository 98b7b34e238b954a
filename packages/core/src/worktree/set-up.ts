import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, OrchError } from '../errors.ts'
import type { AgentRecord } from '../registry/record.ts'
import { joinWords } from '../split-words.ts'
import { DeadlineError, TIMING, withDeadline } from '../timing.ts'
import { WORKTREE_VARIABLE } from './processes-in.ts'

/** Where in the workspace the output of the set-up stands. */
const SETUP_LOG = 'worktree-setup.log'

const SHOWN_CHARACTERS = 600

/**
 * Runs the command that sets a worktree up, where its agent will work, with its output kept in the workspace.
 * @throws OrchError `WORKTREE_FAILED` with the end of that output, `PROGRAM_MISSING`; `signal.reason` at abort
 */
export async function setUp(
  command: readonly string[],
  record: AgentRecord,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [program = '', ...args] = command
  const log = join(record.workspace, SETUP_LOG)
  const own = { ORCH_AGENT_ID: record.id, ORCH_WORKSPACE: record.workspace, ORCH_PROJECT: record.project }
  const output = openLog(log)
  const run = (inner: AbortSignal): Promise<string | null> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: record.directory,
        env: { ...env, ...own, [WORKTREE_VARIABLE]: record.worktree?.path },
        stdio: ['ignore', output, output],
        detached: true,
      })
      const kill = (): void => {
        if (child.pid !== undefined) killGroup(child.pid)
      }
      inner.addEventListener('abort', kill, { once: true })
      child.once('error', reject)
      child.once('exit', (code, killedBy) => {
        inner.removeEventListener('abort', kill)
        resolve(code === 0 ? null : killedBy === null ? `it ended with code ${code}` : `${killedBy} ended it`)
      })
    })
  try {
    const problem = await withDeadline(TIMING.setupTimeoutMs, signal, run)
    if (problem !== null) throw failed(command, problem, log)
  } catch (error) {
    if (error instanceof DeadlineError) throw failed(command, `it did not end within ${error.afterMs} ms`, log)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new OrchError('PROGRAM_MISSING', `Cannot set up the worktree: "${program}" is not there`, {
      hint: 'Mend "worktree.setup" in the configuration',
      cause: error,
    })
  } finally {
    closeSync(output)
  }
}

function openLog(log: string): number {
  try {
    return openSync(log, 'w', 0o600)
  } catch (cause) {
    throw fileError(cause, `Cannot write the output of the set-up to "${log}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** What it started goes with it: it leads a group of its own. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function failed(command: readonly string[], problem: string, log: string): OrchError {
  const said = readFileSync(log, 'utf8').trim().slice(-SHOWN_CHARACTERS)
  const text = `Cannot set up the worktree with "${joinWords(command)}": ${problem}`
  return new OrchError('WORKTREE_FAILED', said === '' ? text : `${text}, after it said:\n${said}`, {
    hint: 'Mend "worktree.setup" in the configuration',
  })
}
