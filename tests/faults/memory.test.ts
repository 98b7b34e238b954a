import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import type { StoredMessage } from '../harness/open-code-session.ts'
import { type OrchProcess, type OrchRun, startOrch } from '../harness/orch.ts'
import { perFile } from '../harness/scope.ts'
import { changedEvents, replacing } from '../harness/spoils.ts'
import { wholeLines } from '../harness/whole-lines.ts'
import { type Lane, openLane, openTarget } from './support/lane.ts'

/** What a run may have resident at most, in kB: `status` has 50,000, and `tail -f` 230,000 over a result of 10 MB. */
const MOST_KB = 300_000

/** What is shown to a person of all that, in characters. */
const MOST_SHOWN = 20_000

const peakProgram = fileURLToPath(new URL('programs/peak.cjs', import.meta.url))
const scope = perFile()
let lane: Lane

beforeAll(async () => {
  lane = await openLane(scope, await openTarget(scope))
})

interface Measured extends OrchRun {
  /** The most it had resident, in kB. */
  peakKb: number
}

/** Runs orch to its end, or until `act`, which is given it while it runs, has resolved. */
async function measured(args: readonly string[], act = untilItEnds): Promise<Measured> {
  const { env, project, state } = lane.place
  const file = join(state, '..', 'peak')
  const process = await startOrch(args, { env: { ...env, PEAK_FILE: file }, cwd: project, preload: peakProgram })
  await act(process)
  process.kill('SIGTERM')
  const run = await process.result()
  return { ...run, peakKb: Number(await readFile(file, 'utf8')) }
}

function untilItEnds(process: OrchProcess): Promise<unknown> {
  return eventually(process.ended, { timeoutMs: 60_000, what: 'the end of orch' })
}

/** Follows a turn whose tool runs this command, from before it runs to the end of the turn. */
async function followedTurn(name: string, command: string): Promise<{ id: string; followed: Measured }> {
  const id = await lane.place.spawn(`Print [[hold: ${name}]] [[shell: ${command}]] [[answer: printed]]`, '--name', name)
  await eventually(() => lane.target.model.waiting().includes(name), { timeoutMs: 60_000 })
  const followed = await measured(['tail', '-f', id], async (process) => {
    const shows = (state: string): Promise<unknown> =>
      eventually(() => process.stdout().includes(`-- ${state}`), { timeoutMs: 60_000, what: state })
    await shows('working')
    lane.target.model.release(name)
    await shows('idle')
  })
  return { id, followed }
}

async function readEverything(id: string): Promise<void> {
  for (const args of [['status'], ['check', id], ['tail', id]]) expectSmall(await measured(args))
  const { code, peakKb } = await measured(['tail', '--json', id])
  expect(code).toBe(0)
  expect(peakKb).toBeLessThan(MOST_KB)
}

function expectSmall({ stdout, stderr, peakKb }: Measured): void {
  expect(stderr).toBe('')
  expect(stdout).not.toBe('')
  expect(stdout.length).toBeLessThan(MOST_SHOWN)
  expect(peakKb).toBeLessThan(MOST_KB)
}

async function toolOf(id: string): Promise<{ output: string; truncated: boolean }> {
  const { stdout } = await lane.place.orch('tail', '--json', id)
  const lines = wholeLines(stdout).map((line) => JSON.parse(line) as TailLine)
  const items = lines.flatMap((line) => (line.type === 'item' && line.item.tool !== null ? [line.item] : []))
  return { output: items[0]?.tool?.output ?? '', truncated: items[0]?.truncated === true }
}

/** What the server holds of the output of an agent's tool. */
async function storedOutput(name: string): Promise<string | undefined> {
  const [session] = await lane.sessions(name)
  const messages = await lane.target.server().call<StoredMessage[]>('GET', `/session/${session?.id}/message`)
  return messages.flatMap(({ parts }) => parts.flatMap(({ state }) => state?.output ?? []))[0]
}

describe('memory and output stay small', () => {
  it('for an agent whose tool prints a million lines', async () => {
    const { id, followed } = await followedTurn('million', 'seq 1 1000000')
    const { output, truncated } = await toolOf(id)
    // On a busy machine OpenCode itself misses the end of what its tool printed.
    expect([output, truncated]).toEqual([await storedOutput('million'), true])
    expectSmall(followed)
    await readEverything(id)
  })

  it('for a tool result of 10 MB', async () => {
    const big = `${'x'.repeat(99)}\\n`.repeat(100_000)
    const inflate = (text: string): string => text.replace('INFLATE-2', big)
    lane.proxy.intercept(({ path }) => {
      if (path === '/global/event') return { spoil: changedEvents((event) => [inflate(event)]) }
      return path.includes('/message') ? { spoil: replacing(inflate) } : 'pass'
    })
    const { id, followed } = await followedTurn('big', 'echo INFLATE-$((1+1))')
    const { output, truncated } = await toolOf(id)
    expect([output.length, truncated]).toEqual([1_000_000, true])
    expectSmall(followed)
    await readEverything(id)
  })
})
