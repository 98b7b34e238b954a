import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { Stopped } from '../src/io.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeAll(() => {
  place = createPlace()
})
afterAll(() => place.remove())

type Text = string | RegExp

const REFUSED: readonly (readonly [words: string[], code: number, message: Text, hint: Text])[] = [
  [
    ['stop', 'x'],
    64,
    'Cannot run "orch stop": there is no such command',
    'Run "orch complete AGENT" to verify the work first, or "orch abandon AGENT" to end it as it is',
  ],
  [
    ['kill', 'x'],
    64,
    'Cannot run "orch kill": there is no such command',
    'Run "orch abandon AGENT" to end it as it is, or "orch complete AGENT" to verify the work first',
  ],
  [['ls'], 64, 'Cannot run "orch ls": there is no such command', 'Run "orch status"'],
  [['logs'], 64, 'Cannot run "orch logs": there is no such command', 'Run "orch tail AGENT"'],
  [['statsu'], 64, 'Cannot run "orch statsu": there is no such command', 'Did you mean "orch status"?'],
  [
    ['s'],
    64,
    'Cannot run "orch s": there is no such command',
    'Did you mean "orch spawn" or "orch status" or "orch send" or "orch skills" or "orch server"?',
  ],
  [
    ['toString'],
    64,
    'Cannot run "orch toString": there is no such command',
    'Run "orch help" for the list of commands',
  ],
  [['status', '--nope'], 64, 'Cannot run "orch status": it has no option "--nope"', 'Run "orch status --help"'],
  [['status', '-z'], 64, 'Cannot run "orch status": it has no option "-z"', 'Run "orch status --help"'],
  [['status', '--wach'], 64, 'Cannot run "orch status": it has no option "--wach"', 'Did you mean "--watch"?'],
  [['spawn', 'a', '--maxparallel', '3'], 64, /it has no option "--maxparallel"/, 'Did you mean "--max-parallel"?'],
  [
    ['spawn', '- one\n- two'],
    64,
    'Cannot run "orch spawn": it has no option "- one - two"',
    'Put a text that begins with "-" behind "--": orch spawn -- "- one - two"',
  ],
  [
    ['send', 'x', '--json is bad'],
    64,
    'Cannot run "orch send": it has no option "--json is bad"',
    'Put a text that begins with "-" behind "--": orch send AGENT -- "--json is bad"',
  ],
  [
    ['phase', 'Testing', '--note', '- two left'],
    64,
    'Cannot run "orch phase": not enough arguments following: --note',
    'Write a value that begins with "-" as "--note=- two left"',
  ],
  [['phase', 'Testing', '--note=- two left'], 64, 'Cannot report a phase: no agent is named', /--id/],
  [['phase', 'Testing', '--note', '--quiet'], 64, /not enough arguments following: --note/, 'Run "orch phase --help"'],
  [['answer', 'x', '-foo'], 64, /it has no option "-foo"/, /: orch answer AGENT -- "-foo"$/],
  [['status', 'extra'], 64, 'Cannot run "orch status": unknown argument: extra', 'Run "orch status --help"'],
  [['status', '--', 'x'], 64, 'Cannot run "orch status": unknown argument: x', 'Run "orch status --help"'],
  [['abandon', '--reason', 'x', '--', 'no-such'], 66, /"no-such"/, /./],
  [['abandon', '--reason', '--', 'x'], 64, /not enough arguments following: --reason/, 'Run "orch abandon --help"'],
  [['abandon', '--', '--json'], 64, /unknown argument: --json/, 'Run "orch abandon --help"'],
  [
    ['status', '--backend'],
    64,
    'Cannot run "orch status": not enough arguments following: --backend',
    'Run "orch status --help"',
  ],
  [
    ['status', '--backend', 'a', '--backend', 'b'],
    64,
    'Cannot run "orch status": "--backend" is given 2 times',
    'Give "--backend" once',
  ],
  [['tail', 'x', '-n', '1', '-n', '2'], 64, 'Cannot run "orch tail": "-n" is given 2 times', 'Give "-n" once'],
  [
    ['tail', 'x', '--lines', '1', '--lines', '2'],
    64,
    'Cannot run "orch tail": "--lines" is given 2 times',
    'Give "--lines" once',
  ],
  [['tail', 'x', '-n'], 64, 'Cannot run "orch tail": not enough arguments following: -n', 'Run "orch tail --help"'],
  [[''], 64, 'Cannot run "orch": "" is no command', 'Run "orch help" for the list of commands'],
  [['-'], 64, 'Cannot run "orch -": there is no such command', 'Run "orch help" for the list of commands'],
  [['help', ''], 64, 'Cannot run "orch": "" is no command', 'Run "orch help" for the list of commands'],
  [
    ['status', '--state', 'idle,sleeping'],
    64,
    'Cannot use "--state sleeping": it is not a state',
    'Use one of waiting, failed, lost, unknown, idle, exited, working, running, starting, queued, done',
  ],
  [['status', '--request-timeout', 'soon'], 64, /"soon"/, /\S/],
  [['phase'], 64, 'Cannot run "orch phase": it needs "orch phase <name>"', 'Run "orch phase --help"'],
  [['check'], 64, 'Cannot choose an agent: none is named', 'Name one by its id, or select by labels with -l'],
  [['tail', 'x', '-n', 'many'], 64, 'Cannot use "-n": "many" is not a whole number', 'Use for example "-n 20"'],
  [['tail', 'x', '-n', '2.5'], 64, /"2\.5" is not a whole number/, 'Use for example "-n 20"'],
  [
    ['tail', 'x', '-n', '0'],
    64,
    'Cannot use "-n": "0" is not a whole number from 1 to 100000',
    'Use for example "-n 20"',
  ],
  [['wait', 'x', '--timeout', '5 parsecs'], 64, /"5 parsecs"/, /\S/],
  [['server', 'status', '-f'], 64, /"logs"/, 'Use "orch server logs", or leave them out'],
  [['server', 'restart'], 64, /restart/, 'Run "orch server --help"'],
  [['spawn'], 64, 'Cannot read the task: none is given', 'Give the task in quotes, or "--file FILE", or "-" for stdin'],
  [['spawn', 'a', '--file', 'b'], 64, 'Cannot read the task: it is given twice', 'Give one task, in quotes'],
  ...[
    ['spawn', 'fix', 'it'],
    ['spawn', 'fix', 'the login'],
    ['spawn', 'fix', '--model', 'm', 'it'],
  ].map((words): readonly [string[], number, Text, Text] => [
    words,
    64,
    /^Cannot run "orch spawn": unknown argument: (it|the login)$/,
    'Put the task in quotes; a skill stands behind it: orch spawn "TASK" --skill fix',
  ]),
  [['spawn', 'a', '--nonsense'], 64, 'Cannot run "orch spawn": it has no option "--nonsense"', /"--"/],
  [['spawn', 'a', '--skill', 'nope'], 66, 'Cannot find the skill "nope": there are no skills', /"orch skills"/],
  [['spawn', 'a', '--verify', "npm 'test"], 64, /^Cannot use "--verify"/, /npm test/],
  [['spawn', 'a', '--context', '/nowhere/a.md'], 66, /^Cannot give the agent the file "\/nowhere\/a.md"/, /path/],
  [
    ['spawn', 'a', '--program'],
    64,
    'Cannot spawn an agent: "--program" names no program',
    'Use "--program NAME", or "--program -- CMD ARG…" at the end of the line',
  ],
  [
    ['spawn', 'a', '--permission', 'never'],
    64,
    'Cannot use "--permission": "never" is neither a mode nor a rule',
    'Use allow, ask or deny, or a rule such as "bash:git *=allow" or "edit=deny"',
  ],
  [['spawn', 'a', '--permission', 'bash:git *=perhaps'], 64, /neither a mode nor a rule/, /\S/],
  [['spawn', 'a', '--permission', 'ba sh=deny'], 64, /neither a mode nor a rule/, /\S/],
  [
    ['spawn', 'a', '--permission', 'ask', '--permission', 'deny'],
    64,
    'Cannot use "--permission": "ask" and "deny" are both given',
    /rule/,
  ],
  [['spawn', '   '], 64, /\S/, /\S/],
  [
    ['spawn', '--file', '/nowhere/task.md'],
    66,
    'Cannot read "/nowhere/task.md": the file is not readable (ENOENT)',
    'Check the path of the file',
  ],
  [['spawn', 'a', '--backend', 'nope'], 64, /"nope"/, /\S/],
  [
    ['answer', 'x', '--allow', '--deny'],
    64,
    'Cannot answer: more than one answer is given',
    'Give one of --allow, --always, --deny or a text',
  ],
  [['phase', 'Testing'], 64, 'Cannot report a phase: no agent is named', 'Add "--id ID", or set ORCH_AGENT_ID'],
  [['check', 'nobody'], 66, /"nobody"/, /\S/],
  [['check', '../../etc/passwd'], 66, /passwd/, /\S/],
]

const EMPTY: readonly (readonly [option: string, words: string[]])[] = [
  ...['--file', '--name', '--model', '--as', '--key'].map((option) => [option, ['spawn', 'a', option, '']] as const),
  ['--key', ['spawn', 'a', '--key=']],
  ['--backend', ['status', '--backend', '']],
  ['--request-timeout', ['status', '--request-timeout', '']],
  ['--project', ['status', '--project', '']],
  ['-C', ['status', '-C', '']],
  ['--state', ['status', '--state', 'idle', '--state', '']],
  ['--file', ['send', 'x', '--file', '']],
  ['--request', ['answer', 'x', '--request', '']],
  ['--note', ['phase', 'Testing', '--note', '']],
  ['--id', ['phase', 'Testing', '--id', '']],
  ['--until', ['wait', 'x', '--until', '']],
  ['--phase', ['wait', 'x', '--phase', '']],
  ['--timeout', ['wait', 'x', '--timeout', '']],
].map(([option, words]) => [option as string, words as string[]])

describe('an option that needs a value', () => {
  it.each(EMPTY)('%s is refused when it is empty: %j', async (option, words) => {
    const called = await callOrch(['--project', '-C'].includes(option) ? null : place, words)
    expect(called).toEqual({
      code: 64,
      stdout: '',
      stderr: `orch: Cannot run "orch ${words[0]}": "${option}" is empty\n  → Give "${option}" a value, or leave it out\n`,
    })
  })
})

describe('a text that is not UTF-8', () => {
  const bytes = Buffer.from([0x61, 0xff, 0x62])
  const hint = 'Convert it to UTF-8 first'

  it.each([
    ['spawn', 'task'],
    ['send', 'message'],
  ])('is refused by %s before anything happens', async (verb, what) => {
    const file = join(place.folder, 'latin1.txt')
    writeFileSync(file, bytes)
    const agent = verb === 'send' ? ['nobody'] : []
    const fromFile = await callOrch(place, [verb, ...agent, '--file', file])
    const fromStdin = await callOrch(place, [verb, ...agent, '-'], { stdin: bytes })
    const refused = (source: string): object => ({
      code: 64,
      stdout: '',
      stderr: `orch: Cannot read the ${what} from ${source}: it is not UTF-8 text\n  → ${hint}\n`,
    })
    expect([fromFile, fromStdin]).toEqual([refused(`"${file}"`), refused('stdin')])
    expect(JSON.parse((await callOrch(place, ['status', '--json'])).stdout).agents).toEqual([])
  })
})

describe('a text that is too long', () => {
  it.each([
    ['spawn', 'task'],
    ['send', 'message'],
  ])('is refused by %s, and not read to its end', async (verb, what) => {
    const agent = verb === 'send' ? ['nobody'] : []
    const fromFile = await callOrch(place, [verb, ...agent, '--file', '/dev/zero'])
    const fromStdin = await callOrch(place, [verb, ...agent, '-'], { stdin: 'x'.repeat(1024 * 1024 + 1) })
    const refused = (source: string): object => ({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining(`Cannot read the ${what} from ${source}: it has more than 1048576 bytes\n  → `),
    })
    expect([fromFile, fromStdin]).toEqual([refused('"/dev/zero"'), refused('stdin')])
  })
})

describe('a command line that cannot be run', () => {
  it.each(REFUSED)('%j gives %i: one sentence and one next action', async (words, code, message, hint) => {
    const called = await callOrch(place, ['--json', ...words])
    expect(called.stdout).toBe('')
    const { error } = JSON.parse(called.stderr)
    expect(error).toMatchObject({ message: like(message), hint: like(hint), exitCode: code })
    expect(error.message).toMatch(/^Cannot [^\n]*[^.\n]$/)
    const plain = await callOrch(place, words)
    expect(plain).toEqual({ code, stdout: '', stderr: `orch: ${error.message}\n  → ${error.hint}\n` })
  })

  it('names a directory that is gone', async () => {
    const called = await callOrch({ ...place, project: '/nowhere' }, ['status'])
    expect(called).toMatchObject({ code: 66, stdout: '' })
    expect(called.stderr).toMatch(/^orch: Cannot [^\n]*"\/nowhere"[^\n]*\n {2}→ [^\n]+\n$/)
  })

  it('names the key of a broken configuration', async () => {
    const broken = createPlace({ defaultBackend: 7 })
    const called = await callOrch(broken, ['status', '--json'])
    broken.remove()
    expect(called).toMatchObject({ code: 78, stdout: '' })
    expect(JSON.parse(called.stderr).error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('defaultBackend'),
    })
  })
})

it('a name that begins a closed agent too means the open one, which is said', async () => {
  const [old, now] = [
    (await callOrch(place, ['spawn', 'x', '--name', 'twin'])).stdout.trim(),
    (await callOrch(place, ['spawn', 'x', '--name', 'twin'])).stdout.trim(),
  ] as const
  await callOrch(place, ['abandon', old])
  const { stdout } = await callOrch(place, ['send', 'twin', 'Hello', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ agent: now, warnings: [{ code: 'CLOSED_ALSO_MATCH' }] })
  const { stderr } = await callOrch(place, ['check', 'twin'])
  expect(stderr).toContain(`orch: "twin" was taken for "${now}", which is open`)
})

describe('a command that is interrupted', () => {
  it.each([
    ['interrupted', 130, 'INTERRUPTED'],
    ['terminated', 143, 'TERMINATED'],
  ] as const)('says that it was %s, with %i', async (why, code, name) => {
    const spawned = await callOrch(place, ['spawn', 'Hang [[hang: on]]'])
    const id = spawned.stdout.trim()
    const stop = new AbortController()
    const waiting = callOrch(place, ['wait', id, '--json'], { signal: stop.signal })
    stop.abort(new Stopped(why, code))
    const { stdout, stderr, code: ended } = await waiting
    expect({ ended, stdout }).toEqual({ ended: code, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: name, exitCode: code, message: `Cannot finish "orch wait": it was ${why}`, outcome: 'unknown' },
    })
  })

  it('names the agent that it began', async () => {
    const stop = new AbortController()
    const spawning = callOrch(place, ['spawn', 'Hang [[hang: on]]', '--name', 'begun', '--wait'], {
      signal: stop.signal,
    })
    await eventually(async () => (await callOrch(place, ['status'])).stdout.includes('begun-'))
    stop.abort(new Stopped('interrupted', 130))
    const { code, stdout, stderr } = await spawning
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toMatch(
      /^orch: Cannot finish "orch spawn": it was interrupted\n {2}→ See what became of "(begun-\w{4})" with "orch check \1"\n$/,
    )
  })

  it('says nothing to a reader that has gone', async () => {
    const signal = AbortSignal.abort(new Stopped('nobody reads stdout', 0))
    expect(await callOrch(place, ['status'], { signal })).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

function like(text: Text): unknown {
  return typeof text === 'string' ? text : expect.stringMatching(text)
}
