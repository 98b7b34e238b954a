import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { Backend, BackendFactory } from '@orch/core'
import type { World } from './world.ts'

/** A client of the world's server that counts the tmux processes it starts. */
export interface CountingTmux {
  readonly backend: Backend
  /** The processes since the last call. */
  calls(): number
  /** Their arguments, one line for each process. */
  lines(): string[]
}

/** Puts a program that logs each call before the real tmux on PATH. */
export function countingTmux(world: World, factory: BackendFactory = tmux()): CountingTmux {
  const bin = join(world.folder, 'bin')
  const log = join(bin, 'calls')
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'tmux'),
    `#!/bin/sh\necho "$*" | tr '\\n' ' ' >>"${log}"; echo >>"${log}"\nexec /usr/bin/tmux "$@"\n`,
  )
  chmodSync(join(bin, 'tmux'), 0o755)
  const env = { ...world.host.env, PATH: `${bin}:${process.env.PATH}` }
  const lines = (): string[] => {
    const seen = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []
    writeFileSync(log, '')
    return seen
  }
  return { backend: factory({ ...world.host, env }), lines, calls: () => lines().length }
}
