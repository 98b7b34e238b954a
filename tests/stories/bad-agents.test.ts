import { rename } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { gitRepository } from '../harness/git-repository.ts'
import { perFile } from '../harness/scope.ts'
import { expectRefused } from './support/expect-refused.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perFile()
let place: Place
let verbs: string[]

/** What a command line on one agent needs beside it. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  send: ['Hello'],
  label: ['a=b'],
  wait: ['--timeout', '2s'],
}

/** After these there is nothing left of an agent. */
const LAST = ['abandon', 'clean']

/** Without a terminal `attach` looks at no agent. */
const WITHOUT_TERMINAL = 'attach'

beforeAll(async () => {
  place = await scope.use(tmuxPlace())
  verbs = []
  const { stdout } = await place.orch('help')
  const names = [...stdout.matchAll(/^ {2}([a-z]+) +[A-Z]/gm)].map(([, name]) => name as string)
  for (const name of names.filter((one) => one !== WITHOUT_TERMINAL)) {
    const help = await place.orch('help', name)
    if (/^orch [a-z]+ [<[]agent/.test(help.stdout)) verbs.push(name)
  }
})

const cat = (name: string): Promise<string> => place.spawn('Say it again', '--name', name, '--program', '--', 'cat')

const line = (verb: string, agent: string): string[] => [verb, agent, ...(MORE[verb] ?? [])]

/** How every command ends on one agent; each says so in a document, or in one sentence and one next action. */
async function ends(agent: string, cwd = place.project): Promise<Record<string, number | null>> {
  const codes: Record<string, number | null> = {}
  const inOrder = verbs.toSorted((a, b) => Number(LAST.includes(a)) - Number(LAST.includes(b)))
  for (const verb of inOrder) {
    const run = await place.orchWith({ cwd }, ...line(verb, agent))
    expect({ verb, ...run }).toMatchObject({ stderr: expect.not.stringMatching(/ at .*\.js:|undefined|\[object/) })
    if (run.stdout === '') expect(run.stderr).toMatch(/^orch: Cannot [^\n]+\n {2}→ [^\n]+\n$/)
    codes[verb] = run.code
  }
  return codes
}

describe('every command that takes an agent', () => {
  it('refuses the id of nobody', async () => {
    const refusal = { code: 'AGENT_NOT_FOUND', exitCode: 66, says: '"nobody"' }
    await expectRefused(place, ...verbs.map((verb) => ({ args: line(verb, 'nobody'), ...refusal })))
  })

  it('refuses the beginning of several, and names them', async () => {
    const twins = [await cat('twin'), await cat('twin')].sort().map((id) => `"${id}"`)
    const refusal = { code: 'AGENT_AMBIGUOUS', exitCode: 64, says: twins.join(', ') }
    await expectRefused(place, ...verbs.map((verb) => ({ args: line(verb, 'twin'), ...refusal })))
  })

  it('knows one that was abandoned, and does nothing to it that makes no sense', async () => {
    const id = await cat('ended')
    await place.orch('abandon', id)
    expect(await ends(id)).toEqual({
      ...{ check: 0, tail: 0, history: 0, diff: 0, answer: 0, abandon: 0, clean: 0 },
      ...{ send: 30, resume: 30, interrupt: 34, label: 34, wait: 25, complete: 40 },
    })
  })

  it('finds one of another project by its id', async () => {
    const other = await gitRepository(`${place.project}-other`)
    const id = await cat('foreign')
    expect(await ends(id, other)).toEqual({
      ...{ check: 0, tail: 0, history: 0, diff: 0, answer: 0, send: 0, label: 0, abandon: 0 },
      ...{ resume: 30, interrupt: 34, wait: 124, complete: 40, clean: 0 },
    })
  })

  it('says what it can of one whose project is gone', async () => {
    const other = `${place.project}-other`
    const id = await cat('homeless')
    await rename(place.project, `${place.project}-moved`)
    try {
      expect(await ends(id, other)).toEqual({
        ...{ check: 0, tail: 0, history: 0, diff: 73, answer: 0, label: 0, abandon: 0 },
        ...{ send: 30, resume: 30, interrupt: 34, wait: 124, complete: 40, clean: 40 },
      })
    } finally {
      await rename(`${place.project}-moved`, place.project)
    }
  })
})
