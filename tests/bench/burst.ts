import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { eventually } from '../harness/eventually.ts'
import { atRest } from './support/at-rest.ts'
import type { Comparison, Stand } from './support/bench.ts'
import { hookedStand } from './support/hooked-stand.ts'
import { sameRun } from './support/same-run.ts'
import { script, startReading } from './support/timed-process.ts'
import type { TmuxStand } from './support/tmux-stand.ts'

const LINE_BYTES = 100

/** What one more process or server may hold resident for a burst, in MiB. */
const MOST_MIB = 256
const MOST_SERVER_MIB = 32

/** 50 MB of output at once: every byte comes out of `tail -f`, and nobody holds it in memory. */
export async function* burst(stand: Stand): AsyncIterable<Comparison> {
  const megabytes = stand.quick ? 1 : 50
  const tmux = await hookedStand(stand)
  await tmux.growTo(1)
  const id = await tmux.add('Print', 'burst')
  const names = ['orch ms', 'floor ms', 'orch MiB', 'floor MiB', 'server MiB', 'rest MiB'] as const
  const figures = sameRun(names, () => runBurst(stand, tmux, { id, lines: (megabytes * 1_000_000) / LINE_BYTES }))
  const name = `${megabytes} MB of output of a tmux agent at once`
  const bare = 'a bare script that watches and prints its log at the same time'
  yield {
    name: `${name}: until \`orch tail -f\` has printed all of it, byte for byte`,
    unit: 'ms',
    orch: { what: 'from when its program is told to print', measure: figures['orch ms'] },
    floor: { what: bare, measure: figures['floor ms'] },
  }
  yield {
    name: `${name}: memory of \`orch tail -f\``,
    unit: 'MiB',
    orch: { what: 'the most that the process ever has resident', measure: figures['orch MiB'] },
    floor: { what: bare, measure: figures['floor MiB'] },
    target: { most: MOST_MIB },
  }
  yield {
    name: `${name}: memory of the tmux server`,
    unit: 'MiB',
    orch: { what: 'the most that it ever has resident', measure: figures['server MiB'] },
    floor: { what: 'the same server at rest before', measure: figures['rest MiB'] },
    target: { most: MOST_SERVER_MIB },
  }
  await tmux.end()
}

async function runBurst(
  stand: Stand,
  { place, options, logOf }: TmuxStand,
  { id, lines }: { readonly id: string; readonly lines: number },
): Promise<Record<'orch ms' | 'floor ms' | 'orch MiB' | 'floor MiB' | 'server MiB' | 'rest MiB', number>> {
  const server = Number(await place.tmux.tmux('display-message', '-p', '#{pid}'))
  const rest = await residentMiB(server, 'VmRSS')
  const [orch, floor] = [receiver(), receiver()]
  const processes = [
    startReading(stand.orch.argv('tail', '-f', '-n', '1', id), options, orch.take),
    startReading(script('floors/follow-parts.mjs', await logOf(id)), options, floor.take),
  ] as const
  for (const { pid } of processes) await atRest(pid)
  for (const one of [orch, floor]) one.forget()
  const before = performance.now()
  await place.tmux.tmux('send-keys', '-t', `=orch:=${id}`, String(lines), 'Enter')
  const isOver = (): boolean => orch.isWhole(lines) && floor.isWhole(lines)
  await eventually(isOver, { timeoutMs: 120_000, intervalMs: 20, what: 'all lines' })
  const sizes = await Promise.all(processes.map(({ pid }) => residentMiB(pid, 'VmHWM')))
  const most = await residentMiB(server, 'VmHWM')
  await Promise.all(processes.map((process) => process.kill()))
  return {
    'orch ms': orch.endedAt() - before,
    'floor ms': floor.endedAt() - before,
    'orch MiB': sizes[0] as number,
    'floor MiB': sizes[1] as number,
    'server MiB': most,
    'rest MiB': rest,
  }
}

/** What `tail -f` says of the agent's state stands among its output; that something is missing is not passed over. */
const STATE = /^-- \w+: .*\n/gm

interface Receiver {
  take(text: string): void
  /** Whether the end has come; throws unless exactly the lines that were printed had come before it. */
  isWhole(lines: number): boolean
  endedAt(): number
  forget(): void
}

function receiver(): Receiver {
  let hash = createHash('sha256')
  let at: number | null = null
  let held = ''
  let isBegun = false
  return {
    take(text) {
      const all = held + text
      const whole = all.slice(0, all.lastIndexOf('\n') + 1)
      held = all.slice(whole.length)
      const lines = whole.replaceAll('\r', '').replace(STATE, '')
      const begin = isBegun ? 0 : lines.indexOf('000000000 ')
      if (begin < 0) return
      isBegun = true
      hash.update(lines.slice(begin))
      if (lines.endsWith('the end\n')) at ??= performance.now()
    },
    isWhole(lines) {
      if (at === null) return false
      if (hash.copy().digest('hex') !== hashOf(lines))
        throw new Error('Cannot compare: what came is not what was printed')
      return true
    },
    endedAt: () => at ?? Number.NaN,
    forget() {
      hash = createHash('sha256')
      at = null
      held = ''
      isBegun = false
    },
  }
}

const hashes = new Map<number, string>()

/** Of all that `burst.mjs` prints. */
function hashOf(lines: number): string {
  const known = hashes.get(lines)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for (let nth = 0; nth < lines; nth++) hash.update(`${String(nth).padStart(9, '0')} ${'x'.repeat(89)}\n`)
  hash.update('the end\n')
  const digest = hash.digest('hex')
  hashes.set(lines, digest)
  return digest
}

async function residentMiB(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
}
