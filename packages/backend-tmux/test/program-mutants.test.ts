import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import type { ProgramModule } from '@orch/backend-tmux'
import { PROGRAM_CASES, type ProgramCase, runProgramCase } from '@orch/backend-tmux/contract'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { clerkWorld, USER_FILE } from './support/clerk-world.ts'
import { CLERK } from './support/hooked-world.ts'

interface Mutant {
  /** What differs from the clerk: members of its hooks, and of the program itself. */
  readonly hooks?: string
  readonly program?: string
  /** What the case says that it is broken for. */
  readonly fails: string
}

const NEVER = '"cat >/dev/null"'

/** Tells of an event in other words, by the process that would tell of it: another one is not heard. */
const inOtherWords = (words: string, others: string): string =>
  `(keep) => 'f=$(mktemp); sed "s/${words}/${others}/" >"$f"; exec <"$f"; rm "$f"; ' + keep`

/** A program for each case, broken so that this case fails. */
const MUTANTS: Readonly<Record<string, Mutant>> = {
  'declares-what-it-has': {
    hooks: 'interruptKeys: []',
    fails: 'a program that declares "interrupt" has what that rests on',
  },
  'leaves-the-files-of-the-user': {
    hooks: `launch(...args) { appendFileSync(process.env.${USER_FILE}, 'hooks'); return clerk.hooks.launch(...args) }`,
    fails: 'a launch leaves the files of the user as they are',
  },
  'takes-its-task-as-declared': {
    program: 'promptArguments: (prompt) => ["--", prompt + "!"]',
    fails: 'the program received "answer the only task"',
  },
  'knows-its-start-screens': {
    hooks: 'startScreens: [{ name: "trust", shows: /another/, text: "" }]',
    fails: 'the recorded screen "trust" is recognised',
  },
  'turn-begins-and-ends': {
    hooks: `launch: telling({ UserPromptSubmit: () => ${NEVER} })`,
    fails: 'the turn is "running"',
  },
  'turn-that-fails-is-an-error': {
    hooks: `launch: telling({ StopFailure: ${inOtherWords('StopFailure', 'Stop')} })`,
    fails: 'a turn that failed has ended in an error',
  },
  'task-is-answered': {
    hooks: `launch: telling({ UserPromptSubmit: ${inOtherWords('done', 'another')} })`,
    fails: 'the task has the answer that the program gave to it',
  },
  'message-is-confirmed': {
    hooks: `launch: telling({ UserPromptSubmit: ${inOtherWords('a message', 'another')} })`,
    fails: 'a message is confirmed when the program told that it has it',
  },
  'message-waits-behind-a-turn': {
    hooks: `launch: telling({ Stop: ${inOtherWords('Stop', 'Busy')} })`,
    fails: 'the turn is "ended"',
  },
  'command-is-refused': { hooks: 'takesForCommand: /^another/', fails: 'a text that would be a command is refused' },
  'draft-is-kept': {
    hooks: 'emptyColumn: clerk.hooks.emptyColumn + "draft".length',
    fails: 'a message is refused while somebody types',
  },
  'interrupt-ends-the-turn': { hooks: 'interruptKeys: ["x"]', fails: 'its program still works after x' },
  'request-is-answered': {
    hooks: 'launch: telling({ PermissionRequest: (keep) => keep.replace("ask", "whole") })',
    fails: 'an open request that can be answered',
  },
  'request-answered-by-a-person-is-closed': {
    hooks: `launch: telling({ PermissionReplied: () => ${NEVER}, Stop: () => ${NEVER} })`,
    fails: 'no open request',
  },
  'transcript-says-who-said-what': { hooks: 'entriesOf: () => []', fails: 'a message and its answer' },
  'resume-goes-on-with-the-conversation': {
    hooks: `launch(...args) {
      return { ...clerk.hooks.launch(...args), resume: (settings) => ['--hooks', settings, '--session', 'another'] }
    }`,
    fails: 'the program received "answer after it"',
  },
}

const scope = perTest()

/** A module of the clerk with these members instead. */
async function moduleOf({ hooks = '', program = '' }: Mutant): Promise<string> {
  const { path } = await scope.use(temporaryFolder())
  const text = `
import { appendFileSync } from 'node:fs'
import { program as clerk } from '${CLERK}'
export const apiVersion = 1
/** Launches it with other command lines for some of its events. */
const telling = (changes) => (...args) => {
  const launch = clerk.hooks.launch(...args)
  const hooks = JSON.parse(launch.settings)
  for (const [name, change] of Object.entries(changes)) hooks[name] = change(hooks[name])
  return { ...launch, settings: JSON.stringify(hooks) }
}
export const program = { ...clerk, hooks: { ...clerk.hooks, ${hooks} }, ${program} }
`
  writeFileSync(join(path, 'mutant.mjs'), text)
  return pathToFileURL(join(path, 'mutant.mjs')).href
}

describe('the contract of programs', () => {
  it('has a broken program for each of its cases, and no other', () => {
    expect(Object.keys(MUTANTS).sort()).toEqual(PROGRAM_CASES.map(({ id }) => id).sort())
  })

  it.each(PROGRAM_CASES)('$id fails for a program that is broken so, and says why', async (entry: ProgramCase) => {
    const mutant = MUTANTS[entry.id] as Mutant
    const module = await moduleOf(mutant)
    const { program } = (await import(module)) as ProgramModule
    const outcome = await runProgramCase({ entry, program, patienceMs: 6_000 }, () => clerkWorld(module))
    expect(outcome).toMatchObject({ passed: false, during: 'case' })
    const { message } = (outcome as { error: Error }).error
    expect(message).toContain(mutant.fails)
    expect(message).toContain(`because: ${entry.because}`)
  })
})
