import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { type ProcessInfo, processesMatching, processesWithEnvironment } from '../harness/processes.ts'

const root = join(import.meta.dirname, '../..')
const started: Demo[] = []

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGTERM')
})

interface Demo {
  readonly child: ChildProcess
  /** What it printed so far. */
  output(): string
  readonly ended: Promise<number | null>
}

function startDemo(...flags: string[]): Demo {
  const child = spawn(process.execPath, [join(root, 'scripts/demo.mjs'), ...flags])
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const demo = { child, output: () => printed, ended }
  started.push(demo)
  return demo
}

function folderOf(output: string): string {
  return dirname(/^Working in (.+)$/m.exec(output)?.[1] as string)
}

async function leftFrom(folder: string): Promise<ProcessInfo[]> {
  const found = await Promise.all([processesMatching(folder), processesWithEnvironment('HOME', join(folder, 'home'))])
  return found.flat()
}

describe('the demo', () => {
  it('does the main job, prints what docs/recording.txt says, and leaves nothing', async () => {
    const { output, ended } = startDemo('--compare')
    const code = await ended
    expect(output().slice(-400)).toContain('The demo went as it should')
    expect(code).toBe(0)
    expect(output()).toMatch(/^\+export const withVat = \(net\) => net \* 1\.19$/m)
    expect(output()).toMatch(/^\+ {2}"license": "MIT"$/m)
    expect(output()).toMatch(/^fix-vat-\w{4} +done +Complete +opencode .* It was completed$/m)
    expect(output()).toMatch(/^licence-\w{4} +done +Complete +tmux .* It was completed$/m)
    expect(output()).toMatch(/^# \/proc shows no process of this demo any more\.$/m)
    const folder = folderOf(output())
    expect({ left: await leftFrom(folder), folder: existsSync(folder) }).toEqual({ left: [], folder: false })
  })

  it('ends everything when it is stopped half-way', async () => {
    const { child, output, ended } = startDemo()
    await eventually(() => /^\$ orch wait/m.test(output()), { what: 'both agents', timeoutMs: 60_000 })
    const folder = folderOf(output())
    expect((await leftFrom(folder)).length).toBeGreaterThan(2)
    child.kill('SIGINT')
    expect(await ended).toBe(1)
    expect(output()).toMatch(/^The demo failed: stopped by SIGINT$/m)
    expect({ left: await leftFrom(folder), folder: existsSync(folder) }).toEqual({ left: [], folder: false })
  })
})
