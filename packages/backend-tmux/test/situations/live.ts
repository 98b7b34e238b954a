import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { orchProgram } from '../../../../tests/harness/orch.ts'
import { createStage, type Stage } from './stage.ts'
import { ASKING } from './stories/both.ts'
import type { Recordable } from './story.ts'

/** From the moment a program asked for a permission to the moment `orch tail -f` said `waiting`, in milliseconds, sorted; 0 when
 * that was said by its status, before its hook had told of it. */
export async function timeToWaiting(program: Recordable, times: number): Promise<number[]> {
  const stage = await createStage(program)
  const { command, shown, end } = follow(stage)
  try {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    command(stage.id())
    const taken: number[] = []
    for (let round = 1; round <= times; round += 1) {
      const before = shown.length
      await stage.say(`Run ${ASKING[program](`touch file-${round}`)} [[answer: done]]`)
      await eventually(() => shown.length > before, { what: '"waiting"', timeoutMs: 30_000 })
      taken.push(Math.max(0, (shown[before] as number) - (await askedAt(stage))))
      await stage.agree(() => existsSync(join(stage.place.project, `file-${round}`)))
      await stage.rests()
    }
    return taken.sort((a, b) => a - b)
  } finally {
    end()
    await stage[Symbol.asyncDispose]()
  }
}

/** The value that so many per cent do not exceed. @param sorted not empty */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number
}

/** Follows an agent as a person does, and keeps when it was said to wait. */
function follow({ place }: Stage): { command(id: string): void; readonly shown: number[]; end(): void } {
  const shown: number[] = []
  let kill = (): void => {}
  return {
    shown,
    command(id) {
      const args = [orchProgram, 'tail', '-f', '--json', '-n', '1', id]
      const child = spawn(process.execPath, args, {
        cwd: place.project,
        env: place.env,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      kill = () => void child.kill()
      let rest = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const { type, state } = JSON.parse(line)
          if (type === 'state' && state === 'waiting') shown.push(Date.now())
        }
      })
    },
    end: () => kill(),
  }
}

/** When its hook told of the newest request, milliseconds since 1970; its own status may have told of it a moment before. */
async function askedAt(stage: Stage): Promise<number> {
  const told = async (): Promise<string | undefined> => {
    const { sighting } = await stage.sight()
    return sighting.testimony?.eventLines.findLast((one) => one.includes('"PermissionRequest"'))
  }
  return Number.parseInt(await eventually(told, { what: 'the event of the request' }), 10)
}
