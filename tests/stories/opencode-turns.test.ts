import { beforeAll, describe, expect, it } from '@jest/globals'
import type { StatusDocument } from '@orch/core'
import { perFile } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { ENDINGS, type Ending, type Stage } from './support/opencode-endings.ts'
import { openCodePlace } from './support/place.ts'

const scope = perFile()

/** What orch said of one ending. */
type Said = Pick<Ending, 'state' | 'code' | 'exit'> & { spawn: number | null; source: unknown; detail: unknown }

const said = new Map<string, Promise<Said>>()

beforeAll(async () => {
  const model = await scope.use(startScriptedModel())
  const stage = { model, place: await scope.use(openCodePlace({ model })) }
  const calm = ENDINGS.filter(({ disturbs }) => disturbs !== true)
  const lanes = [0, 1, 2, 3].map((lane) =>
    inTurn(
      stage,
      calm.filter((_, index) => index % 4 === lane),
    ),
  )
  const last = Promise.all(lanes).then(() =>
    inTurn(
      stage,
      ENDINGS.filter(({ disturbs }) => disturbs === true),
    ),
  )
  await last
}, 240_000)

describe('the end of a turn on OpenCode, as status and wait tell it', () => {
  it.each(ENDINGS)('$name', async ({ name, spawn = 0, state, code, evidence, exit }) => {
    expect(await said.get(name)).toEqual({
      ...{ spawn, state, code, exit },
      source: evidence.source,
      detail: expect.stringContaining(evidence.detail),
    })
  })
})

/** Brings endings about, one after the other; what goes wrong in one belongs to its own test. */
async function inTurn(stage: Stage, endings: readonly Ending[]): Promise<void> {
  for (const ending of endings) {
    const outcome = bringAbout(stage, ending)
    said.set(ending.name, outcome)
    await outcome.catch(() => {})
  }
}

async function bringAbout(stage: Stage, { task, flags = [], act, exit }: Ending): Promise<Said> {
  const { place } = stage
  const spawned = await place.orch('spawn', task, ...flags)
  const { agents } = await place.json<StatusDocument>('status', '--ended')
  const id = agents.find((agent) => agent.task === task)?.id
  if (id === undefined) throw new Error(`Cannot find the agent of "${task}": ${spawned.stderr}`)
  await act?.(stage, id)
  const waited = await place.orch('wait', id, '--until', 'idle', '--timeout', exit === 124 ? '2s' : '60s')
  const { state, reason, evidence } = await place.agent(id)
  const [first] = evidence
  return {
    spawn: spawned.code,
    state,
    code: reason.code,
    exit: waited.code as number,
    source: first?.source,
    detail: first?.detail,
  }
}
