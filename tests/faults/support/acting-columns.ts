import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type {
  AbandonDocument,
  AnswerDocument,
  CompleteDocument,
  InterruptDocument,
  SendDocument,
  SpawnDocument,
} from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import type { OrchRun } from '../../harness/orch.ts'
import type { ProxiedRequest } from '../../harness/start-proxy.ts'
import { type Column, errorOf } from './column.ts'
import type { Arrival } from './fault.ts'
import { idle, inState, type Lane } from './lane.ts'

const asks =
  (method: string, path: RegExp) =>
  (request: ProxiedRequest): boolean =>
    request.method === method && path.test(request.path)

const SURE = ['confirmed', 'queued', 'accepted']

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

/** How often what a command sends may have come to the model, by whether it came to the server. */
const TIMES: Readonly<Record<Arrival, readonly number[]>> = { never: [0], once: [1], late: [1], maybe: [0, 1] }

/**
 * Spawns again with the same key: there is one agent in the end, and it got its task once. A task that never came to the
 * server is not given again; the receipt said that it is not confirmed.
 */
function spawnColumn(name: string, acts: Column['acts'], givesTask: boolean): Column {
  return {
    name,
    ...(acts && { acts }),
    async prepare(lane, cell) {
      const args = ['spawn', `Say it [[answer: ${cell}]]`, '--name', cell, '--key', cell]
      return {
        args,
        said: ({ prompt }: SpawnDocument) => prompt.delivery,
        async after(run, arrives) {
          const again = await lane.place.orch(...args)
          expect(again).toMatchObject({ code: 0 })
          const id = again.stdout.trim()
          if (errorOf(run) === undefined) expect(run.json).toMatchObject({ agent: { id } })
          const times = givesTask ? TIMES[arrives] : [1]
          if (!times.includes(0)) await idle(lane, id)
          if (arrives === 'never' && givesTask) await untilSaid(lane, id, 'TASK_UNCONFIRMED')
          expect(times).toContain(count(lane.received(id), `You are the agent "${id}"`))
          expect(await lane.sessions(cell)).toMatchObject([{ metadata: { orch: { id } }, time: {} }])
        },
      }
    },
  }
}

/** For 10 s a task may still arrive. */
function untilSaid({ agent }: Lane, id: string, code: string): Promise<unknown> {
  const options = { timeoutMs: 60_000, intervalMs: 1_000, what: `${code} of "${id}"` }
  return eventually(async () => (await agent(id)).reason.code === code, options)
}

/** An agent whose turn runs until `release(name)`. */
async function heldAgent({ place, target }: Lane, name: string): Promise<string> {
  const id = await place.spawn(`Hold [[answer: begun]] [[hold: ${name}]]`, '--name', name)
  await eventually(() => target.model.waiting().includes(name), { timeoutMs: 20_000, what: `the turn of "${name}"` })
  return id
}

/** An end that was not proven leaves the agent to be ended again; once it was, nothing of it goes on. */
async function endedOnce(lane: Lane, run: OrchRun, id: string, line: readonly string[]): Promise<void> {
  const ended = line[0] === 'complete' ? 'completed' : 'abandoned'
  const { lifecycle } = await lane.agent(id)
  expect({ code: run.code, lifecycle }).toEqual({ code: run.code, lifecycle: run.code === 0 ? ended : 'active' })
  expect(await lane.place.orch(...line)).toMatchObject({ code: 0 })
  expect(await lane.agent(id)).toMatchObject({ lifecycle: ended })
  const [session, ...others] = await lane.sessions(id.slice(0, -5))
  expect([session?.time.archived, others]).toEqual([expect.any(Number), []])
  await eventually(() => !lane.target.model.waiting().includes(id.slice(0, -5)), {
    timeoutMs: 60_000,
    what: `the end of "${id}"`,
  })
}

/** Commands that change something, with the request by which they do. */
export const ACTING: readonly Column[] = [
  spawnColumn('spawn', asks('POST', /^\/session$/), false),
  spawnColumn('spawn, its task', asks('POST', /\/prompt_async$/), true),
  {
    name: 'send',
    acts: asks('POST', /\/prompt_async$/),
    async prepare(lane, cell) {
      const { listener: id } = lane
      const text = `<${cell}>`
      return {
        args: ['send', id, text],
        said: ({ receipt }: SendDocument) => receipt.delivery,
        async after(run, arrives) {
          const { receipt } = run.json as Partial<SendDocument>
          const sure = SURE.includes(receipt?.delivery ?? '')
          // A message that is stored just as a turn ends is never answered: opencode joins it to the run that is over.
          if (arrives !== 'never') await inState(lane, id, 'idle', 'failed')
          const again = await lane.place.json<SendDocument>('send', id, `<${cell} again>`)
          expect(SURE).toContain(again.receipt.delivery)
          await eventually(() => lane.received(id).includes(`<${cell} again>`), {
            timeoutMs: 60_000,
            what: 'the second message',
          })
          lane.sent.push({ id, text, sure }, { id, text: `<${cell} again>`, sure: true })
          if (arrives !== 'late') expect(TIMES[arrives]).toContain(count(lane.received(id), text))
        },
      }
    },
  },
  {
    name: 'answer',
    acts: asks('POST', /^\/permission\/[^/]+\/reply$/),
    async prepare(lane, cell) {
      const task = `Do [[shell: echo ran >> ${cell}.txt]] [[answer: done]]`
      const id = await lane.place.spawn(task, '--name', cell, '--permission', 'ask')
      await inState(lane, id, 'waiting')
      return {
        args: ['answer', id, '--allow'],
        said: ({ result }: AnswerDocument) => result,
        async after(run, arrives) {
          if ((await lane.agent(id)).state === 'waiting') {
            expect(run.code).not.toBe(0)
            await lane.place.orch('answer', id, '--allow')
          }
          await idle(lane, id)
          const ran = await readFile(join(lane.place.project, `${cell}.txt`), 'utf8').catch(() => '')
          expect(arrives === 'maybe' ? ['', 'ran\n'] : ['ran\n']).toContain(ran)
        },
      }
    },
  },
  {
    name: 'interrupt',
    acts: asks('POST', /\/abort$/),
    async prepare(lane, cell) {
      const id = await heldAgent(lane, cell)
      return {
        args: ['interrupt', id],
        said: ({ interrupted }: InterruptDocument) => (interrupted ? 'interrupted' : 'not interrupted'),
        async after(run) {
          const { state } = await lane.agent(id)
          if (run.code === 0) expect(state).toBe('idle')
          if (state !== 'idle') expect(await lane.place.orch('interrupt', id)).toMatchObject({ code: 0 })
          await idle(lane, id)
          expect((await lane.agent(id)).lifecycle).toBe('active')
          await eventually(() => !lane.target.model.waiting().includes(cell), {
            timeoutMs: 60_000,
            what: `the end of the turn of "${id}"`,
          })
        },
      }
    },
  },
  {
    name: 'complete',
    acts: asks('PATCH', /^\/session\/[^/]+$/),
    async prepare(lane, cell) {
      const id = await lane.place.spawn('Be done [[answer: done]]', '--name', cell)
      await lane.place.json('phase', 'Complete', '--id', id)
      await inState(lane, id, 'done')
      const args = ['complete', id]
      return {
        args,
        said: ({ results }: CompleteDocument) => results[0]?.error?.code ?? failedCheck(results[0]),
        after: (run) => endedOnce(lane, run, id, args),
      }
    },
  },
  {
    name: 'abandon',
    acts: asks('POST', /\/abort$/),
    async prepare(lane, cell) {
      const id = await heldAgent(lane, cell)
      const args = ['abandon', id]
      return {
        args,
        said: ({ results }: AbandonDocument) => results[0]?.error?.code,
        after: (run) => endedOnce(lane, run, id, args),
      }
    },
  },
]

function failedCheck(result: CompleteDocument['results'][number] | undefined): string | undefined {
  return result?.checks.find((check) => check.result === 'fail')?.name
}
