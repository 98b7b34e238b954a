import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { type ProcessInfo, processesMatching, processesWithEnvironment } from '../harness/processes.ts'
import { perFile } from '../harness/scope.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { BENCHES } from './support/benches.ts'
import { renderMarkdown } from './support/render.ts'
import type { Report } from './support/report.ts'

const scope = perFile()

/** One run of the benches, with a temporary folder of its own for everything that it makes. */
async function startBenches(...args: readonly string[]) {
  const { path } = await scope.use(temporaryFolder())
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@orch/source', main, '--quick', ...args], {
    env: { ...process.env, TMPDIR: path },
  })
  scope.defer(() => child.kill('SIGKILL'))
  let progress = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    progress += chunk
  })
  return { child, path, progress: () => progress, stdout: text(child.stdout), closed: once(child, 'close') }
}

/** What a run made and did not take away. */
async function leftovers(path: string): Promise<{ folders: string[]; processes: ProcessInfo[] }> {
  const folders = (await readdir(path)).filter((name) => name.startsWith('orch-'))
  const ofTmux = await processesWithEnvironment('ORCH_TMUX_LOGS')
  const near = ofTmux.filter(({ environment }) => environment.ORCH_TMUX_LOGS?.startsWith(path))
  return { folders, processes: [...near, ...(await processesMatching(`${path}/`))] }
}

describe('npm run bench -- --quick', () => {
  let report: Report
  let path: string

  beforeAll(async () => {
    const run = await startBenches('--json')
    path = run.path
    await run.closed
    if (run.child.exitCode !== 0) throw new Error(run.progress())
    report = JSON.parse(await run.stdout) as Report
  }, 600_000)

  it('measures something with every bench', () => {
    expect([...new Set(report.results.map(({ bench }) => bench))]).toEqual(BENCHES.map(({ name }) => name))
  })

  it('gives positive figures of orch and of its floor', () => {
    for (const { name, orch, floor, ratio } of report.results) {
      const figures = [orch, floor, ratio].flatMap(({ p10, median, p90 }) => [p10, median, p90])
      expect([name, figures.filter((figure) => !(figure > 0))]).toEqual([name, []])
      expect([orch.what, floor.what]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)])
    }
  })

  it('says of each target, and of nothing else, whether it was met', () => {
    const judged = report.results.filter(({ met }) => met !== null)
    expect(judged.map(({ target }) => target)).not.toContain(null)
    expect(judged).toHaveLength(report.results.filter(({ target }) => target !== null).length)
    expect(new Set(judged.map(({ bench }) => bench))).toEqual(
      new Set(['start-up', 'status', 'send', 'tail', 'wait', 'hooked', 'fleet']),
    )
  })

  it('renders one row and one floor for each comparison, and on what it was measured', () => {
    const lines = renderMarkdown(report).split('\n')
    for (const { name } of report.results) {
      expect(lines.filter((line) => line.startsWith(`| ${name} | `))).toHaveLength(1)
      expect(lines.filter((line) => line.startsWith(`- ${name}: `))).toHaveLength(1)
    }
    const { node, cpu, cores, tmux, openCode, commit, date } = report
    for (const fact of [node, cpu, `${cores} ×`, tmux, openCode, commit, date]) expect(lines.join('\n')).toContain(fact)
  })

  it('leaves no folder and no process behind', async () => {
    expect(await leftovers(path)).toEqual({ folders: [], processes: [] })
  })
})

describe('npm run bench, interrupted by Ctrl-C', () => {
  it('ends what it started and says that it was interrupted', async () => {
    const run = await startBenches('send', '--repetitions', '1000')
    await eventually(() => /^.* send: .*tmux/m.test(run.progress()), {
      timeoutMs: 60_000,
      what: 'the first comparison',
    })
    expect((await leftovers(run.path)).processes).not.toEqual([])
    run.child.kill('SIGINT')
    await run.closed
    expect([run.child.exitCode, await run.stdout]).toEqual([130, ''])
    expect(run.progress()).toContain('Cannot finish the benches: SIGINT')
    expect(await leftovers(run.path)).toEqual({ folders: [], processes: [] })
  })
})
