import { expect } from '@jest/globals'
import type { Place } from './place.ts'
import { snapshot } from './snapshot.ts'

/** A command line and how it is refused. */
export interface Refusal {
  args: readonly string[]
  /** The error's code. */
  code: string
  exitCode: number
  /** What the text on stderr names; `@default` nothing in particular. */
  says?: string
  /** More variables to run it with. */
  env?: Record<string, string>
  /** Where it is started; `@default` the project. */
  cwd?: string
  /** Whether it got so far as to claim an id, which leaves a closed record of a spawn that failed; `@default` false. */
  recorded?: boolean
}

/**
 * Proves that command lines are refused as they should: nothing on stdout, on stderr one sentence and one next action, or
 * with `--json` one error document with the same text; and that all of them together left everything as it was.
 */
export async function expectRefused(place: Place, ...refusals: readonly Refusal[]): Promise<void> {
  const before = await snapshot(place)
  const left = [...refusals]
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await expectOne(place, next)
  }
  const ends = await Promise.allSettled([worker(), worker(), worker()])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  const after = await snapshot(place)
  const records = Object.keys(after.files).filter((file) => file.includes('/orch/ended/') && !(file in before.files))
  expect(records).toHaveLength(refusals.filter(({ recorded }) => recorded).length * 2)
  for (const file of records) delete after.files[file]
  expect(after).toEqual(before)
}

async function expectOne(
  place: Place,
  { args, code, exitCode, says = '', env = {}, cwd = place.project }: Refusal,
): Promise<void> {
  const run = await place.orchWith({ env, cwd }, ...args)
  expect({ args, ...run }).toMatchObject({ args, code: exitCode, stdout: '' })
  const [, message, hint] = /^orch: (Cannot [^\n]+)\n {2}→ ([^\n]+)\n$/.exec(run.stderr) ?? []
  if (message === undefined || hint === undefined)
    throw new Error(`Cannot read one sentence and one next action of orch ${args.join(' ')}: "${run.stderr}"`)
  expect(message).not.toMatch(/\.$|\bundefined\b|\[object/)
  expect(`${message} ${hint}`).toContain(says)
  const asked = await place.orchWith({ env, cwd }, '--json', ...args)
  expect({ args, ...asked }).toMatchObject({
    args,
    code: exitCode,
    stdout: '',
    json: { apiVersion: 1, error: { code, exitCode, outcome: 'none', retryable: expect.any(Boolean) } },
  })
  const { error } = asked.json as { error: { message: string; hint: string } }
  expect([error.message, error.hint].map(withoutIds)).toEqual([message, hint].map(withoutIds))
}

/** The random end of an id that was claimed for the occasion differs from run to run. */
function withoutIds(text: string): string {
  return text.replace(/\bx-[a-z0-9]{4}"/g, 'x-…"')
}
