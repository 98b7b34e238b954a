import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { ProgramSpec } from '@orch/core'
import type { World as ContractWorld } from '@orch/core/contract'
import { nodeProgram, World } from './world.ts'

const ALWAYS = ['existence', 'process', 'lastActivityAt'] as const

/** A world of the contract suite: a real tmux server with a small interactive program in each window. */
export async function contractWorld(promptBy: ProgramSpec['promptBy']): Promise<ContractWorld> {
  const world = new World()
  const program = nodeProgram('agent.mjs', [], promptBy)
  const file = (id: string, name: string): string => join(world.folder, `${id}.${name}`)
  return {
    backend: world.backend,
    prompts: {
      answer: (text) => `answer ${text}`,
      work: (text) => `work ${text}`,
      ask: (text) => `ask ${text}`,
      fail: () => 'fail',
      exit: (code) => `exit ${code}`,
    },
    known: { created: ALWAYS, begun: ALWAYS, exited: ALWAYS, stopped: ALWAYS, killed: ALWAYS },
    open: async (options) => tmux()({ ...world.host, ...options }),
    request: (overrides) => world.request(program, overrides),
    received: async ({ id }) => {
      const text = readOrEmpty(file(id, 'received'))
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as string)
    },
    finish: async ({ id }) => writeFileSync(file(id, 'finish'), ''),
    killServer: () => world.killServer(),
    freezeServer: async () => world.freeze(),
    thawServer: async () => world.thaw(),
    leftovers: async () => world.agentLeftovers(),
    dispose: () => world[Symbol.asyncDispose](),
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
