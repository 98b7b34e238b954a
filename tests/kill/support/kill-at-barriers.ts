import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../../harness/scope.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { barriersInSources, buildWithBarriers } from './barrier-build.ts'
import { runWithBarriers } from './barrier-runs.ts'
import { emptyLedger } from './ledger.ts'
import { SCENARIOS, type Stage } from './scenarios.ts'
import { sideBySide } from './side-by-side.ts'
import { violationsIn } from './violations.ts'
import type { Backend, World } from './world.ts'

/** Declares the tests that kill each command on one backend at each barrier it comes to. */
export function killAtBarriers(backend: Backend): void {
  describe(`orch on ${backend.name}, killed with SIGKILL at each barrier`, () => {
    const scope = perFile()
    const scenarios = [...SCENARIOS, ...backend.scenarios]
    const ledger = emptyLedger()
    const killed = new Set<string>()
    let world: World
    let program: string

    beforeAll(async () => {
      program = await buildWithBarriers((await scope.use(temporaryFolder())).path)
      world = await backend.open(scope)
    })

    it.each(scenarios)('of $name can be run again', async (scenario) => {
      const shared = (await scenario.prepareAll?.({ world, ledger, program })) ?? ''
      const prefix = `k${scenarios.indexOf(scenario)}`
      const stage = (run: string): Stage => ({ world, ledger, program, name: `${prefix}-${run}`, shared })
      const first = stage('all')
      const { reached } = await runWithBarriers(world, { program }, ...(await scenario.prepare(first)))
      await scenario.after?.(first)
      const places = [...reached.entries()].filter(
        ([, killAt]) => scenario.at?.test(killAt) !== false && backend.without?.test(killAt) !== true,
      )
      const killOne = async ([index, killAt]: [number, string]): Promise<void> => {
        const next = stage(`${index}`)
        const run = await runWithBarriers(world, { program, killAt }, ...(await scenario.prepare(next)))
        if (run.signal === 'SIGKILL') killed.add(killAt.split('#')[0] as string)
        else expect({ killAt, ...run }).toMatchObject({ killAt: expect.not.stringMatching(/#1$/) })
        await scenario.after?.(next)
      }
      await sideBySide(places, killOne, scenario.atOnce)
    })

    it('leaves nothing twice, nothing unlisted and nothing unreadable', async () => {
      expect(await violationsIn(world, ledger)).toEqual([])
    })

    it('was killed at every barrier in the sources of core and of this backend', async () => {
      const all = await barriersInSources('core', `backend-${backend.name}`)
      expect(all.filter((name) => !killed.has(name) && !backend.without?.test(name))).toEqual([])
    })
  })
}
