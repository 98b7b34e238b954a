import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The version of the npm package `opencode-ai` that the tests run against. */
export function openCodeVersion(): string {
  return (require('opencode-ai/package.json') as { version: string }).version
}

/**
 * Absolute path of the real OpenCode binary. It is taken from the package of this platform, because `opencode-ai` itself
 * holds only a stub until its install script ran, and orch allows no install scripts.
 */
export function openCodeProgram(): string {
  const fromPackage = createRequire(require.resolve('opencode-ai/package.json'))
  for (const name of platformPackages()) {
    try {
      const path = join(dirname(fromPackage.resolve(`${name}/package.json`)), 'bin', 'opencode')
      if (existsSync(path)) return path
    } catch {}
  }
  throw new Error(`Cannot find the OpenCode program: none of ${platformPackages().join(', ')} is installed`)
}

function platformPackages(): string[] {
  const base = `opencode-${process.platform}-${process.arch}`
  const variants = [base, `${base}-baseline`, `${base}-musl`, `${base}-baseline-musl`]
  const [fast, baseline, musl, baselineMusl] = variants as [string, string, string, string]
  return hasAvx2() ? [fast, baseline, musl, baselineMusl] : [baseline, fast, baselineMusl, musl]
}

function hasAvx2(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return true
  return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
}
