import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { AgentRef, Backend, BackendFactory, BackendHost, ProgramSpec } from '@orch/core'
import type { World as ContractWorld } from '@orch/core/contract'
import { HOOKED_CAPABILITIES } from '../../../../tests/harness/hooked-capabilities.ts'
import { wholeLines } from '../../../../tests/harness/whole-lines.ts'
import { readLaunchNote } from '../../src/hooks/hooked-launch.ts'
import { parseHandle } from '../../src/parse.ts'
import { contractWorldOf } from './contract-world.ts'
import { World } from './world.ts'

/** The module of the small program that tells everything, as a user's configuration names one. */
export const CLERK: string = new URL('../../../../examples/program-clerk/program.js', import.meta.url).href

/** What an agent that runs it can do. */
const CLERK_CAPABILITIES = [...HOOKED_CAPABILITIES, 'resume'] as const

/** A backend of which every new agent runs the clerk. */
export function clerkBackend(host: BackendHost): Backend {
  const backend = tmux()(host)
  return {
    ...backend,
    capabilitiesOf: (agent) => (agent === null ? CLERK_CAPABILITIES : backend.capabilitiesOf(agent)),
  }
}

const ALWAYS = ['existence', 'process', 'lastActivityAt'] as const
const SHOWN = [...ALWAYS, 'turn', 'requests'] as const

/** A world of the contract suite in which each window holds a program that tells what happens to it. */
export async function hookedWorld(promptBy: ProgramSpec['promptBy']): Promise<ContractWorld> {
  return hookedWorldOf(new World(), { promptBy, module: CLERK, factory: clerkBackend })
}

/** The same on another module of the clerk, and with the backend as it is. */
export function hookedWorldOf(
  world: World,
  {
    promptBy,
    module,
    factory,
  }: Pick<ProgramSpec, 'promptBy'> & { readonly module: string; readonly factory: BackendFactory },
): ContractWorld {
  const folder = join(world.folder, 'clerk')
  mkdirSync(folder)
  const env = { CLERK_FOLDER: folder }
  const program: ProgramSpec = { name: 'clerk', command: process.execPath, args: [], env, promptBy, module }
  const sessions = new Map<string, string>()
  /** Its note goes when the agent is stopped. */
  const session = ({ id, handle }: AgentRef): string | undefined => {
    const noted = readLaunchNote(parseHandle(handle)?.events ?? '')?.session
    if (noted !== undefined) sessions.set(id, noted)
    return sessions.get(id)
  }
  return {
    ...contractWorldOf(world, program, factory),
    known: {
      created: ALWAYS,
      begun: SHOWN,
      working: SHOWN,
      idle: SHOWN,
      waiting: SHOWN,
      exited: ALWAYS,
      stopped: ALWAYS,
      killed: ALWAYS,
    },
    received: async (agent) => {
      const file = readdirSync(folder).find((name) => name === `${session(agent)}.jsonl`)
      const lines = file === undefined ? [] : wholeLines(readFileSync(join(folder, file), 'utf8'))
      const notes = lines.map((line) => JSON.parse(line) as { role: string; text: string })
      return notes.flatMap(({ role, text }) => (role === 'user' ? text : []))
    },
    finish: async (agent) => writeFileSync(join(folder, `${session(agent)}.go`), ''),
  }
}
