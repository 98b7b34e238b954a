import { fileURLToPath } from 'node:url'
import type { Stand } from './bench.ts'
import { hookedEvents } from './hooked-events.ts'
import { type TmuxStand, tmuxStand } from './tmux-stand.ts'

/**
 * A place whose agents run a small program that is launched, and tells what happens to it, as Claude Code does; each has told
 * of some turns already. `stamps` and `burst` are programs without hooks that print what they are told to.
 */
export async function hookedStand(stand: Stand): Promise<TmuxStand> {
  const program = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url))
  const claude = { command: 'sh', args: [program('hooked-agent.sh')], promptBy: 'argument' }
  const stamps = { command: process.execPath, args: [program('write-stamps.mjs')], promptBy: 'none' }
  const burst = { command: process.execPath, args: [program('burst.mjs')], promptBy: 'none' }
  const tmux = await tmuxStand(stand, { programs: { claude, stamps, burst }, program: 'claude' })
  await tmux.place.write('../events', hookedEvents())
  return tmux
}
