import { execFile, type StdioOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileError, OrchError } from '../errors.ts'
import { gitEnvironment } from '../git.ts'
import { DeadlineError, recheck, TIMING, withDeadline } from '../timing.ts'

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
  /** The descriptor of a file that it prints to; `stdout` is empty then. Git says so when that fails, as `--output` does not. */
  readonly output?: number
  /** @default TIMING.gitTimeoutMs */
  readonly timeoutMs?: number
}

const MOST_BYTES = 256 * 1024 * 1024

/** It asks nobody for anything, and speaks the language that is understood here. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', GIT_EDITOR: 'true', GIT_MERGE_AUTOEDIT: 'no', LC_ALL: 'C' }

/**
 * Runs git in `directory` and resolves to what it answered, whatever that is. One that met a worktree which another git
 * was just making runs again: it has died before it did anything.
 * @throws OrchError `PROGRAM_MISSING`, `TIMEOUT`; `signal.reason` at abort
 */
export async function runGit(directory: string, args: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
  let answer = await runOnce(directory, args, options)
  if (!metHalfMade(answer)) return answer
  const again = async (): Promise<true | undefined> => {
    answer = await runOnce(directory, args, options)
    return !metHalfMade(answer) || undefined
  }
  await recheck(again, { timeoutMs: TIMING.worktreeMadeMs, everyMs: 5, mostMs: 100, signal: options.signal })
  return answer
}

/** Git creates a file of each worktree and writes it then: every other git that reads it between the two dies (2.39). */
function metHalfMade({ code, stderr }: GitAnswer): boolean {
  return code !== 0 && /^fatal: failed to read .*\/commondir: /m.test(stderr)
}

async function runOnce(directory: string, args: readonly string[], options: GitOptions): Promise<GitAnswer> {
  const env = { ...gitEnvironment(), ...UNATTENDED, ...options.env }
  const run = (signal: AbortSignal): Promise<GitAnswer> =>
    new Promise((resolve, reject) => {
      if (options.output !== undefined) return resolve(printTo(options.output, directory, args, { env, signal }))
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

function printTo(
  output: number,
  directory: string,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<GitAnswer> {
  return new Promise((resolve, reject) => {
    const stdio: StdioOptions = ['ignore', output, 'pipe']
    const child = spawn('git', ['--no-optional-locks', ...args], { cwd: directory, env, signal, stdio })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', (error) => reject('code' in error && error.code === 'ENOENT' ? missing(directory) : error))
    child.once('close', (code, killedBy) => {
      resolve({ code: code ?? 128, stdout: '', stderr: stderr || (killedBy === null ? '' : `${killedBy} ended it`) })
    })
  })
}

/**
 * Runs git and resolves to its stdout.
 * @param verb what is tried, for the text: `make the worktree "…"`
 * @throws OrchError `WORKTREE_FAILED`, `DISK` or `PERMISSION_DENIED` with what git said, and as {@link runGit}
 */
export async function mustGit(
  directory: string,
  args: readonly string[],
  verb: string,
  options: GitOptions = {},
): Promise<string> {
  const answer = await runGit(directory, args, options)
  if (answer.code === 0) return answer.stdout
  throw gitError(answer, `Cannot ${verb}`, `Run "git ${args.join(' ')}" in "${directory}" to see more`)
}

/** What a failed call of the system is, by the words that git has for it. */
const FAILED_CALLS: readonly (readonly [string, string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Read-only file system', 'EROFS'],
  ['Input/output error', 'EIO'],
  ['Permission denied', 'EACCES'],
]

/** The error for a git that failed: the disk's, one of access, or `WORKTREE_FAILED` with this hint. */
export function gitError(answer: GitAnswer, text: string, hint: string): OrchError {
  const message = `${text}: git says "${saidBy(answer)}"`
  const code = FAILED_CALLS.find(([words]) => answer.stderr.includes(words))?.[1]
  if (code !== undefined) return fileError({ code }, message, 'WORKTREE_FAILED')
  return new OrchError('WORKTREE_FAILED', message, { hint })
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
    return new OrchError('WORKTREE_FAILED', `Cannot run git in "${directory}": there is no such directory`, {
      hint: 'Bring it back, or let go of the agent that worked there with "orch abandon"',
    })
  return new OrchError('PROGRAM_MISSING', 'Cannot run git: it is not on PATH', { hint: 'Install git' })
}
