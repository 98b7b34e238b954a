import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { OrchError } from '../errors.ts'
import { gitEnvironment } from '../git.ts'
import { DeadlineError, TIMING, withDeadline } from '../timing.ts'

/** What git answered. */
export interface GitAnswer {
  /** Its exit code; 128 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How git is run. */
export interface GitOptions {
  readonly signal?: AbortSignal | undefined
  /** More variables for it, over those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** What it reads from its standard input. @default nothing */
  readonly input?: string
  /** @default TIMING.gitTimeoutMs */
  readonly timeoutMs?: number
}

const MOST_BYTES = 256 * 1024 * 1024

/** It asks nobody for anything, and speaks the language that is understood here. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', GIT_EDITOR: 'true', GIT_MERGE_AUTOEDIT: 'no', LC_ALL: 'C' }

/**
 * Runs git in `directory` and resolves to what it answered, whatever that is.
 * @throws OrchError `PROGRAM_MISSING`, `TIMEOUT`; `signal.reason` at abort
 */
export async function runGit(directory: string, args: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
  const env = { ...gitEnvironment(), ...UNATTENDED, ...options.env }
  const run = (signal: AbortSignal): Promise<GitAnswer> =>
    new Promise((resolve, reject) => {
      const settings = { cwd: directory, env, maxBuffer: MOST_BYTES, signal }
      const child = execFile('git', ['--no-optional-locks', ...args], settings, (error, stdout, stderr) => {
        if (signal.aborted) return
        const { code = 0 } = error ?? {}
        if (code === 'ENOENT') reject(missing(directory))
        else resolve({ code: typeof code === 'number' ? code : 128, stdout, stderr: stderr || (error?.message ?? '') })
      })
      if (options.input === undefined) return
      // One that ends before it read everything says why itself.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(options.input)
    })
  try {
    return await withDeadline(options.timeoutMs ?? TIMING.gitTimeoutMs, options.signal, run)
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
    throw new OrchError('TIMEOUT', `Cannot run "git ${args[0]}": it did not end within ${error.afterMs} ms`, {
      hint: `Run it yourself in "${directory}"`,
      outcome: 'unknown',
    })
  }
}

/**
 * Runs git and resolves to its stdout.
 * @param verb what is tried, for the text: `make the worktree "…"`
 * @throws OrchError `WORKTREE_FAILED` with what git said, and as {@link runGit}
 */
export async function mustGit(
  directory: string,
  args: readonly string[],
  verb: string,
  options: GitOptions = {},
): Promise<string> {
  const answer = await runGit(directory, args, options)
  if (answer.code === 0) return answer.stdout
  throw new OrchError('WORKTREE_FAILED', `Cannot ${verb}: git says "${saidBy(answer)}"`, {
    hint: `Run "git ${args.join(' ')}" in "${directory}" to see more`,
  })
}

/** What git complained of, in one line. */
export function saidBy({ stderr, stdout }: GitAnswer): string {
  const lines = (stderr.trim() || stdout.trim()).split('\n').filter((line) => !line.startsWith('hint:'))
  const telling = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines[0] ?? ''
  return telling.replace(/^(fatal|error): /, '').slice(0, 400)
}

/** The paths of a list that ends each with NUL. */
export function pathsOf(text: string): readonly string[] {
  return text.split('\0').filter((path) => path !== '')
}

function missing(directory: string): OrchError {
  if (!existsSync(directory))
    return new OrchError('WORKTREE_FAILED', `Cannot run git in "${directory}": there is no such directory`)
  return new OrchError('PROGRAM_MISSING', 'Cannot run git: it is not on PATH', { hint: 'Install git' })
}
