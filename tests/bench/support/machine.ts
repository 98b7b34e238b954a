import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openCodeVersion } from '../../harness/open-code-program.ts'

const execute = promisify(execFile)

/** On what a run measured: nothing that names the machine. */
export interface Machine {
  /** The day, ISO 8601. */
  readonly date: string
  /** The commit of orch that was packed; with `-dirty` when the work tree held more. */
  readonly commit: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly tmux: string
  readonly openCode: string
}

/** Looks at this machine and this repository. */
export async function describeMachine(): Promise<Machine> {
  const cwd = join(import.meta.dirname, '../../..')
  const output = async (program: string, ...args: string[]): Promise<string> =>
    (await execute(program, args, { cwd })).stdout.trim()
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await output('git', 'describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    tmux: (await output('tmux', '-V')).replace(/^tmux /, ''),
    openCode: openCodeVersion(),
  }
}
