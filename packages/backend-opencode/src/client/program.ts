import { accessSync, closeSync, constants, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, resolve } from 'node:path'
import { OrchError } from '@orch/core'

/** The OpenCode program that would be started. */
export interface Program {
  readonly path: string
  /** How it was found, for people. */
  readonly source: string
}

/**
 * Looks for OpenCode: the configured command, else `opencode` on PATH, else the npm package `opencode-ai` beside orch or
 * in the current directory. The package's own launcher needs an install script; its platform package does not.
 * @throws OrchError `PROGRAM_MISSING`
 */
export function findProgram(command: string | null, env: Readonly<Record<string, string | undefined>>): Program {
  if (command !== null) {
    const path = runnable(command.includes('/') ? resolve(command) : onPath(command, env))
    if (path !== null) return { path, source: 'configured as "backends.opencode.command"' }
    throw new OrchError('PROGRAM_MISSING', `Cannot find the OpenCode program "${command}": it cannot be run`, {
      hint: 'Correct "backends.opencode.command"',
    })
  }
  const path = runnable(onPath('opencode', env))
  if (path !== null) return { path, source: '"opencode" on PATH' }
  for (const base of [import.meta.filename, `${process.cwd()}/`]) {
    const packaged = packagedProgram(base)
    if (packaged !== null) return { path: packaged, source: 'the npm package "opencode-ai"' }
  }
  throw new OrchError(
    'PROGRAM_MISSING',
    'Cannot find the OpenCode program: there is no "opencode" on PATH and no npm package "opencode-ai"',
    { hint: 'Install it with: npm install -g opencode-ai' },
  )
}

function onPath(name: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path)) ?? null
}

/** The program itself, or, when it is the npm package's launcher before its install script ran, what that would run. */
function runnable(path: string | null): string | null {
  if (path === null || !isExecutable(path)) return null
  const real = realpathSync(path)
  if (isProgram(real)) return path
  const manifest = join(dirname(real), '..', 'package.json')
  return packageName(manifest) === 'opencode-ai' ? platformProgram(manifest) : null
}

function packagedProgram(base: string): string | null {
  const manifest = resolveFrom(base, 'opencode-ai/package.json')
  if (manifest === null) return null
  return runnable(join(dirname(manifest), 'bin', 'opencode.exe')) ?? platformProgram(manifest)
}

function platformProgram(manifest: string): string | null {
  const base = `opencode-${process.platform}-${process.arch}`
  const names = hasAvx2() ? [base, `${base}-baseline`] : [`${base}-baseline`]
  const all = [...names, ...names.map((name) => `${name}-musl`)]
  for (const name of all) {
    const found = resolveFrom(manifest, `${name}/package.json`)
    const path = found === null ? null : join(dirname(found), 'bin', 'opencode')
    if (path !== null && isExecutable(path)) return path
  }
  return null
}

function hasAvx2(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return true
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return true
  }
}

function resolveFrom(base: string, specifier: string): string | null {
  try {
    return createRequire(base).resolve(specifier)
  } catch {
    return null
  }
}

function packageName(manifest: string): unknown {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }).name
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Whether the system can run the file by itself: a script with an interpreter line, or a binary. */
function isProgram(path: string): boolean {
  const start = Buffer.alloc(4)
  try {
    const file = openSync(path, 'r')
    readSync(file, start, 0, 4, 0)
    closeSync(file)
  } catch {
    return true
  }
  return start.toString('latin1').startsWith('#!') || start.some((byte) => byte > 0x7e)
}
