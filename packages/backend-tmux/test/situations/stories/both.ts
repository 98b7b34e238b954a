import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../../../../tests/harness/eventually.ts'
import { processInfo } from '../../../../../tests/harness/processes.ts'
import { settle } from '../settle.ts'
import type { Stage } from '../stage.ts'
import type { Recordable, Story } from '../story.ts'

/** A command that never ends by itself. */
export const ENDLESS = 'tail -f /dev/null'

/** A call for which the program asks. */
export const ASKING: Readonly<Record<Recordable, (command: string) => string>> = {
  claude: (command) => `[[shell: ${command}]]`,
  opencode: (command) => `[[shell: ${command}]]`,
  'opencode-run': (command) => `[[shell: ${command}]]`,
  codex: (command) =>
    `[[tool: exec_command | ${JSON.stringify({ cmd: command, sandbox_permissions: 'require_escalated', justification: 'Needed' })}]]`,
}

/** Arguments with which the program runs every command without asking. */
export const UNASKED: Readonly<Record<Recordable, readonly string[]>> = {
  claude: ['--permission-mode', 'default', '--allowedTools=Bash'],
  codex: ['--dangerously-bypass-approvals-and-sandbox'],
  opencode: [],
  'opencode-run': ['--auto'],
}

const refused = ({ model }: Stage, times: number): Promise<unknown> =>
  eventually(() => model.requests.filter(({ state }) => state === 'refused').length >= times, {
    what: `${times} refusals`,
    timeoutMs: 30_000,
  })

/** Has Codex run this program without asking. */
async function allow({ place }: Stage, command: string): Promise<void> {
  const folder = join(place.env.HOME as string, '.codex', 'rules')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'default.rules'), `prefix_rule(pattern=["${command}"], decision="allow")\n`)
}

/** The command line of a child of the same program that runs one turn. */
const childOf = ({ program }: Stage): string =>
  program === 'claude'
    ? 'claude -p'
    : `SCRIPTED_KEY=scripted ${process.env.ORCH_TEST_AGENTS}/node_modules/.bin/codex exec`

const IN_A_TURN = async (stage: Stage): Promise<void> => {
  await stage.spawn('Work [[hold: one]]')
  await stage.holds('one')
}

/** A signal ends the program where it was brought. */
function endedBy(signal: NodeJS.Signals, where: string, bring: (stage: Stage) => Promise<void>): Story['tell'] {
  return async (stage, keep) => {
    await bring(stage)
    await stage.end(signal)
    await keep(`failed-by-${signal.toLowerCase()}-${where}`, 'failed')
  }
}

/** What programs are brought into in the same way, by the name of the story. */
const TELLINGS: Readonly<Record<string, Story['tell']>> = {
  async turns(stage, keep) {
    await stage.spawn('Begin [[hold: one]] [[answer: begun]]')
    await stage.holds('one')
    await keep('working-before-words', 'working')
    stage.model.release('one')
    await stage.rests()
    await keep('idle-after-turn', 'idle')
    await stage.say('More [[answer: some words]] [[hold: two]]')
    await stage.holds('two')
    await keep('working-among-words', 'working')
    await stage.say('Queued [[answer: got it]] [[hold: three]]')
    await stage.shows(/Queued/)
    await keep('working-with-a-queued-message', 'working')
    stage.model.release('two')
    await stage.holds('three')
    await keep('working-on-the-queued-message', 'working')
    stage.model.release('three')
    await stage.rests()
    await keep('idle-after-the-queued-message', 'idle')
    await stage.say('Think [[think: what now]] [[hold: four]]')
    await stage.holds('four')
    await keep('working-in-thought', 'working')
    stage.model.release('four')
    await stage.rests()
    await stage.say('/clear')
    await stage.rests()
    await keep('idle-after-clear', 'idle')
    await stage.say('After [[answer: clear]] [[hold: five]]')
    await stage.holds('five')
    await keep('working-after-clear', 'working')
    stage.model.release('five')
    await stage.rests()
    await keep('idle-after-clear-and-turn', 'idle')
  },
  async start(stage, keep) {
    await stage.spawn('Begin [[hold: one]]')
    await keep('starting', 'starting')
    if (stage.model.requests.length > 0) throw new Error('Cannot keep "starting": it had begun')
  },
  async escape(stage, keep) {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    for (const [name, text] of [
      ['before-words', 'Work [[hold: a]]'],
      ['among-words', 'Work [[answer: said]] [[hold: b]]'],
      ['in-thought', 'Work [[think: hm]] [[hold: c]]'],
    ] as const) {
      await stage.say(text)
      await stage.holds(text.replace(/.*hold: (.).*/, '$1'))
      await stage.press('Escape')
      await stage.rests()
      await keep(`idle-after-escape-${name}`, 'idle')
      await stage.press('C-u')
    }
    await stage.say('Next [[answer: next]] [[hold: d]]')
    await stage.holds('d')
    await keep('working-after-escape', 'working')
    stage.model.release('d')
    await stage.rests()
    await keep('idle-after-escape-and-turn', 'idle')
  },
  async tools(stage, keep) {
    await settle(stage, { args: UNASKED[stage.program] })
    await stage.spawn(`Run [[shell: touch started; ${ENDLESS}]] [[answer: over]]`)
    await stage.made('started')
    await keep('working-in-a-tool', 'working')
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-in-a-tool', 'idle')
    await stage.press('C-u')
    await stage.say('Run [[shell: echo seen]] [[hold: after]] [[answer: done]]')
    await stage.holds('after')
    await keep('working-after-a-tool', 'working')
    stage.model.release('after')
    await stage.rests()
    await keep('idle-after-a-tool', 'idle')
    await stage.say('Fail [[shell: exit 3]] [[hold: failed]] [[answer: done]]')
    await stage.holds('failed')
    await keep('working-after-a-failed-tool', 'working')
  },
  async unasked(stage, keep) {
    await settle(stage, { args: stage.program === 'claude' ? UNASKED.claude : [] })
    await allow(stage, 'touch')
    await stage.spawn(`Run ${ASKING[stage.program]('touch ran')} [[hold: after]] [[answer: done]]`)
    await stage.holds('after')
    await stage.made('ran')
    await keep('working-after-a-call-that-a-rule-allows', 'working')
    stage.model.release('after')
    await stage.rests()
    await keep('idle-after-a-call-that-a-rule-allows', 'idle')
  },
  async permission(stage, keep) {
    await stage.spawn(
      `Run ${ASKING[stage.program]('touch one')} [[hold: between]] ${ASKING[stage.program]('touch two')} [[answer: done]]`,
    )
    await stage.asks()
    await keep('waiting-on-a-permission', 'waiting')
    await stage.agree(() => stage.model.waiting().includes('between'))
    await keep('working-after-a-permission', 'working')
    stage.model.release('between')
    await stage.asks()
    await keep('waiting-on-the-next-permission', 'waiting')
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-at-a-permission', 'idle')
    await stage.press('C-u')
    await stage.say(`Again ${ASKING[stage.program]('touch three')} [[answer: done]]`)
    await stage.asks()
    await keep('waiting-again-after-escape', 'waiting')
    await stage.agree(() => existsSync(join(stage.place.project, 'three')))
    await stage.shows(/done/)
    await stage.rests()
    await keep('idle-after-a-permission', 'idle')
  },
  async refusals(stage, keep) {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('Fail [[error: 500]]')
    await refused(stage, 2)
    await keep('working-while-the-model-is-asked-again', 'working')
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-while-asked-again', 'idle')
    await stage.press('C-u')
    for (const status of [400, 422]) {
      await stage.say(`Fail [[error: ${status}]]`)
      await stage.shows(new RegExp(`Scripted error ${status}`))
      await stage.rests()
      await keep(`failed-by-${status}`, 'failed')
    }
    await stage.say('Go on [[answer: well]]')
    await stage.rests()
    await keep('idle-after-a-failure', 'idle')
  },
  async leave(stage, keep) {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('/quit')
    await stage.gone()
    await keep('exited-by-a-person', 'exited')
  },
  async wrapper(stage, keep) {
    await stage.spawn('Work [[hold: one]]')
    await stage.holds('one')
    const { pid, parentPid } = await stage.process()
    process.kill(parentPid, 'SIGKILL')
    await stage.gone()
    await eventually(async () => (await processInfo(pid)) === undefined, { what: 'the end of the program' })
    await keep('exited-after-its-wrapper-was-killed', 'exited')
  },
  async nested(stage, keep) {
    await settle(stage, { args: UNASKED[stage.program] })
    const inner = (script: string): string => `${childOf(stage)} "Inner ${script}" </dev/null >inner.txt 2>&1`
    const call = (command: string): string => command.replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')
    const tool = stage.program === 'claude' ? ['Bash', 'command'] : ['exec_command', 'cmd']
    const run = (command: string): string =>
      `[[tool: ${tool[0]} | ${call(JSON.stringify({ [tool[1] as string]: command, description: 'Runs it' }))}]]`
    await stage.spawn(`Run ${run(inner('[[hold: inner]] [[answer: said]]'))} [[hold: outer]] [[answer: done]]`)
    await stage.holds('inner')
    await keep('working-while-a-child-works', 'working')
    stage.model.release('inner')
    await stage.holds('outer')
    await keep('working-after-a-child', 'working')
    stage.model.release('outer')
    await stage.rests()
    await keep('idle-after-a-child', 'idle')
    await stage.say(`Again ${run(`${inner('[[answer: said]]')}; touch ended; ${ENDLESS}`)}`)
    await stage.made('ended')
    await keep('working-after-the-end-of-a-child', 'working')
  },
  async 'by-hand'(stage, keep) {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.place.write(
      'child.sh',
      `${childOf(stage)} "Inner [[hold: inner]] [[answer: said]]" </dev/null >inner.txt 2>&1`,
    )
    await stage.press('!')
    await stage.say('sh child.sh')
    await stage.holds('inner')
    // Codex tells of it nowhere but in its window.
    if (stage.program === 'claude') await keep('working-on-a-child-that-a-person-runs', 'working')
    stage.model.release('inner')
    await stage.rests()
    await keep('idle-after-a-child-that-a-person-ran', 'idle')
  },
  kill: endedBy('SIGKILL', 'in-a-turn', IN_A_TURN),
  'kill-idle': endedBy('SIGKILL', 'at-rest', async (stage) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
  }),
  'kill-waiting': endedBy('SIGKILL', 'at-a-permission', async (stage) => {
    await stage.spawn(`Run ${ASKING[stage.program]('touch one')}`)
    await stage.asks()
  }),
  terminate: endedBy('SIGTERM', 'in-a-turn', IN_A_TURN),
}

/** What a program is brought into in the same way as others. @param names @default all there is */
export function storiesOf(program: Recordable, names: readonly string[] = Object.keys(TELLINGS)): Story[] {
  return names.map((name) => ({ name, program, tell: TELLINGS[name] as Story['tell'] }))
}
