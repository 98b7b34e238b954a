import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { ProgramWorld } from '@orch/backend-tmux/contract'
import type { AgentRef } from '@orch/core'
import { childrenOf, processStat } from '../../src/client/processes.ts'
import { type Handle, parseHandle } from '../../src/parse.ts'
import { CLERK, hookedWorldOf } from './hooked-world.ts'
import { eventually, World } from './world.ts'

/** A file that stands for what the user has set: its path is in this variable of the programs. */
export const USER_FILE = 'CLERK_USER_FILE'

/** A place of the contract of programs in which the clerk runs, as a module says. */
export async function clerkWorld(module: string = CLERK): Promise<ProgramWorld> {
  const world = new World()
  const settings = join(world.folder, 'settings.json')
  writeFileSync(settings, '{}')
  process.env[USER_FILE] = settings
  const handle = (agent: AgentRef): Handle => parseHandle(agent.handle) as Handle
  const call = (...args: string[]): string => execFileSync('tmux', ['-S', world.socket, ...args], { encoding: 'utf8' })
  return {
    ...hookedWorldOf(world, { promptBy: null, module, factory: tmux() }),
    userFiles: [settings],
    screens: { trust: 'May I work in this folder? (y)\n' },
    commandText: '/help',
    closingKeys: ['y'],
    press: async (agent, ...keys) => call('send-keys', '-t', handle(agent).pane, ...keys),
    screen: async (agent) => call('capture-pane', '-p', '-t', handle(agent).pane),
    async crash(agent) {
      const pids = childrenOf(handle(agent).panePid)
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await eventually('the end of the wrapper', () => processStat(handle(agent).panePid) === null || undefined)
    },
  }
}
