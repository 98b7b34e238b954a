import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The agent programs that `npm run test:agents` works with: large, so no part of the default install. */
export const AGENT_PROGRAMS = { '@anthropic-ai/claude-code': '2.1.332', '@openai/codex': '0.169.0' }

/** Where they are installed, and kept between runs. */
export const AGENTS_FOLDER = process.env.ORCH_TEST_AGENTS ?? join(import.meta.dirname, '../.cache/agents')

/** Installs exactly these versions unless they are there. @throws Error when npm cannot. */
export function installAgentPrograms() {
  const wanted = JSON.stringify({ private: true, dependencies: AGENT_PROGRAMS })
  const manifest = join(AGENTS_FOLDER, 'package.json')
  const programs = ['claude', 'codex'].map((name) => join(AGENTS_FOLDER, 'node_modules/.bin', name))
  if (existsSync(manifest) && readFileSync(manifest, 'utf8') === wanted && programs.every(existsSync)) return
  console.log(`Installing ${Object.keys(AGENT_PROGRAMS).join(' and ')} into ${AGENTS_FOLDER}`)
  mkdirSync(AGENTS_FOLDER, { recursive: true })
  writeFileSync(manifest, wanted)
  run('npm', 'install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts')
  // Claude Code's own install script puts the program of this platform into its place.
  run(process.execPath, 'node_modules/@anthropic-ai/claude-code/install.cjs')
}

function run(program, ...args) {
  const { status } = spawnSync(program, args, { cwd: AGENTS_FOLDER, stdio: 'inherit' })
  if (status === 0) return
  rmSync(join(AGENTS_FOLDER, 'package.json'))
  throw new Error(`Cannot install the agent programs: "${program} ${args.join(' ')}" ended with code ${status}`)
}
