import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { BackendFactory, ProgramSpec } from '@orch/core'
import type { World as ContractWorld } from '@orch/core/contract'
import { SOURCE_ARGUMENTS } from '../../../../tests/harness/source-arguments.ts'
import { wholeLines } from '../../../../tests/harness/whole-lines.ts'
import { countingTmux } from './counting-tmux.ts'
import { nodeProgram, systemProgram, World } from './world.ts'

const ALWAYS = ['existence', 'process', 'lastActivityAt'] as const

/** A world of the contract suite: a real tmux server with a small interactive program in each window. */
export async function contractWorld(promptBy: ProgramSpec['promptBy']): Promise<ContractWorld> {
  const world = new World()
  const file = (id: string, name: string): string => join(world.folder, `${id}.${name}`)
  return {
    ...contractWorldOf(world, nodeProgram('agent.mjs', [], promptBy), tmux()),
    received: async ({ id }) => wholeLines(readOrEmpty(file(id, 'received'))).map((line) => JSON.parse(line) as string),
    finish: async ({ id }) => writeFileSync(file(id, 'finish'), ''),
  }
}

/** What such a world is apart from what its program was given. */
export function contractWorldOf(
  world: World,
  program: ProgramSpec,
  factory: BackendFactory,
): Omit<ContractWorld, 'received' | 'finish'> {
  const { backend, calls } = countingTmux(world, factory)
  let looks = 0
  return {
    backend,
    elsewhere: program.promptBy === 'send' ? elsewhere(world) : null,
    looks: () => (looks += calls()),
    prompts: {
      answer: (text) => `answer ${text}`,
      work: (text) => `work ${text}`,
      ask: (text) => `ask ${text}`,
      fail: () => 'fail',
      exit: (code) => `exit ${code}`,
      stubborn: () => 'stubborn',
    },
    known: { created: ALWAYS, begun: ALWAYS, exited: ALWAYS, stopped: ALWAYS, killed: ALWAYS },
    open: async (options) => factory({ ...world.host, ...options }),
    light: { program: systemProgram('tail', ['-f', '/dev/null']) },
    request: (overrides) => world.request(program, overrides),
    stranger: async () => ({ place: startStranger(world), server: strangersSocket(world) }),
    killServer: () => world.killServer(),
    freezeServer: async () => world.freeze(),
    thawServer: async () => world.thaw(),
    leftovers: async () => (await world.agentLeftovers()).filter((line) => !line.includes(strangersSocket(world))),
    async dispose() {
      spawnSync('tmux', ['-S', strangersSocket(world), 'kill-server'])
      await world[Symbol.asyncDispose]()
    },
  }
}

/** The tmux server of a person, who has a program in a pane there. */
function strangersSocket({ folder }: World): string {
  return join(folder, 'user')
}

function startStranger(world: World): string {
  const size = ['-x', '80', '-y', '24', '-P', '-F', '#{pane_id}']
  const words = [
    '-S',
    strangersSocket(world),
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    ...size,
    'cat',
    ';',
    'set-option',
    '-g',
    'exit-empty',
    'off',
  ]
  return spawnSync('tmux', words, { encoding: 'utf8' }).stdout.trim()
}

function elsewhere({ host }: World): ContractWorld['elsewhere'] {
  const { name, stateDirectory, namespace, env } = host
  return {
    module: new URL('../../src/index.ts', import.meta.url).href,
    options: {},
    host: { name, stateDirectory, namespace },
    env,
    nodeArguments: SOURCE_ARGUMENTS,
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
