import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../../../../tests/harness/eventually.ts'
import { settle } from '../settle.ts'
import type { Situation } from '../situation.ts'
import type { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { ENDLESS, UNASKED } from './both.ts'

const story = (name: string, tell: Story['tell']): Story => ({ name, program: 'claude', tell })

/** A call with markers for whoever is asked by it. */
const call = (name: string, input: object): string =>
  `[[tool: ${name} | ${JSON.stringify(input).replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')}]]`

const subagent = (prompt: string, more: object = {}): string =>
  call('Agent', {
    description: 'Looks',
    prompt,
    subagent_type: 'general-purpose',
    run_in_background: false,
    ...more,
  })

const home = ({ place }: Stage, ...path: readonly string[]): string => join(place.env.HOME as string, ...path)

/** Whether it noted ten seconds ago that it is idle. */
function isLongIdle({ sighting: { testimony } }: Situation): boolean {
  const [note] = testimony?.statusNotes ?? []
  return note !== undefined && JSON.parse(note.text).statusUpdatedAt < Date.now() - 10_000
}

/** Whether its hook told of a request: a subagent's is not always shown in the window. */
function hasAsked({ sighting: { testimony } }: Situation): boolean {
  return testimony?.eventLines.some((line) => line.includes('"PermissionRequest"')) ?? false
}

/** Claude Code as it begins with this in its own state file. */
async function begin(stage: Stage, state: object): Promise<void> {
  await writeFile(home(stage, '.claude.json'), JSON.stringify(state))
  await stage.spawn('Begin [[answer: begun]]')
}

/** What only Claude Code has, or only it shows so. */
export const CLAUDE_STORIES: readonly Story[] = [
  story('question', async (stage, keep) => {
    await stage.spawn('Ask [[question: Which colour? | Red | Blue]] [[hold: one]] [[answer: fine]]')
    await stage.shows(/Which colour\?[\s\S]*Enter to select/)
    await keep('waiting-on-a-question', 'waiting')
    await stage.agree(() => stage.model.waiting().includes('one'))
    await keep('working-after-a-question', 'working')
    stage.model.release('one')
    await stage.rests()
    await stage.say('Ask [[question: Which size? | S | L]] [[answer: fine]]')
    await stage.shows(/Which size\?[\s\S]*Enter to select/)
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-at-a-question', 'idle')
  }),
  story('plan', async (stage, keep) => {
    await settle(stage, { args: ['--permission-mode', 'plan'] })
    await stage.spawn(`Plan ${call('ExitPlanMode', { plan: 'Do it' })} [[hold: one]]`)
    await stage.shows(/Exit plan mode\?|Would you like to proceed/)
    await keep('waiting-on-the-approval-of-a-plan', 'waiting')
  }),
  story('denied', async (stage, keep) => {
    await stage.spawn('Run [[shell: touch one]] [[answer: done]]')
    await stage.asks()
    await stage.press('4')
    await stage.rests()
    await keep('idle-after-a-denied-permission', 'idle')
  }),
  story('subagents', async (stage, keep) => {
    const inner = 'Inner [[hold: inner]] [[shell: touch inner]] [[answer: said]]'
    await stage.spawn(`Send ${subagent(inner)} [[hold: outer]] [[answer: done]]`)
    await stage.holds('inner')
    await keep('working-while-a-subagent-works', 'working')
    stage.model.release('inner')
    await eventually(async () => hasAsked(await stage.sight()), { what: 'a request', timeoutMs: 30_000 })
    await keep('waiting-on-the-permission-of-a-subagent', 'waiting')
    await stage.place.orch('answer', stage.id(), '--allow')
    await stage.holds('outer')
    await keep('working-after-a-subagent', 'working')
    stage.model.release('outer')
    await stage.rests()
    await keep('idle-after-a-subagent', 'idle')
  }),
  story('background-subagent', async (stage, keep) => {
    await stage.spawn(
      `Send ${subagent('Inner [[hold: inner]] [[answer: said]]', { run_in_background: true })} [[answer: sent]]`,
    )
    await stage.holds('inner')
    await stage.shows(/● sent/)
    await keep('working-for-a-subagent-in-the-background', 'working')
    stage.model.release('inner')
    await stage.rests()
    await keep('idle-after-a-subagent-in-the-background', 'idle')
  }),
  story('background-command', async (stage, keep) => {
    await settle(stage, { args: UNASKED.claude })
    const input = { command: `touch started; ${ENDLESS}`, description: 'Runs on', run_in_background: true }
    await stage.spawn(`Run ${call('Bash', input)} [[hold: one]] [[answer: runs]]`)
    await stage.holds('one')
    await keep('working-beside-a-command-in-the-background', 'working')
    stage.model.release('one')
    await stage.rests()
    await keep('idle-beside-a-command-in-the-background', 'idle')
  }),
  story('compact', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('/compact')
    await stage.shows(/Compacted|compacted/)
    await stage.rests()
    await keep('idle-after-compacting', 'idle')
    await stage.say('Go on [[answer: on]] [[hold: one]]')
    await stage.holds('one')
    await keep('working-after-compacting', 'working')
  }),
  story('compacting', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('/compact [[hold: one]]')
    await stage.holds('one')
    await stage.shows(/Compacting conversation… \([3-9]s/)
    await keep('working-while-it-compacts', 'working')
    await stage.press('Escape')
    await eventually(async () => !(await stage.screen()).includes('Compacting'), { what: 'the end of it' })
    await stage.rests()
    await keep('idle-after-escape-while-it-compacted', 'idle')
    await stage.press('C-u')
    await stage.say('/compact [[hold: two]] [[answer: summed up]]')
    await stage.holds('two')
    stage.model.release('two')
    await stage.shows(/Compacted|compacted/)
    await stage.rests()
    await keep('idle-after-it-compacted', 'idle')
  }),
  story('overloaded', async (stage, keep) => {
    await settle(stage, { args: ['--permission-mode', 'default'], env: { CLAUDE_CODE_MAX_RETRIES: '1' } })
    for (const status of [500, 529]) {
      if (status === 500) await stage.spawn(`Fail [[error: ${status}]]`)
      else await stage.say(`Fail [[error: ${status}]]`)
      await stage.shows(new RegExp(`Error.*${status}|${status}.*error`, 'i'))
      await stage.rests()
      await keep(`failed-by-${status}-after-all-tries`, 'failed')
    }
  }),
  story('trust', async (stage, keep) => {
    await begin(stage, { hasCompletedOnboarding: true, theme: 'dark' })
    await stage.shows(/trust this folder/)
    await keep('waiting-on-trust-for-the-folder', 'waiting')
    const trusted = async (): Promise<boolean> => {
      const screen = await stage.screen()
      if (!screen.includes('trust this folder')) return true
      await stage.press(/❯ (\d\. )?Yes/.test(screen) ? 'Enter' : 'Down')
      return false
    }
    await eventually(trusted, { what: 'the end of the question', intervalMs: 400 })
    await stage.shows(/● begun/)
    await stage.rests()
    await keep('idle-after-trust-and-turn', 'idle')
  }),
  story('theme', async (stage, keep) => {
    await begin(stage, {})
    await stage.shows(/text style/)
    await keep('waiting-on-a-theme', 'waiting')
  }),
  story('login', async (stage, keep) => {
    await settle(stage, { args: ['--permission-mode', 'default'], env: { ANTHROPIC_AUTH_TOKEN: '' } })
    await stage.spawn('Begin [[answer: begun]]')
    await stage.shows(/Please run \/login/)
    await eventually(async () => (await stage.sight()).sighting.testimony?.eventLines.at(-1)?.includes('StopFailure'), {
      what: 'the end of the turn',
    })
    await keep('failed-without-a-login', 'failed')
    await stage.press('C-u')
    await stage.say('/login')
    await stage.shows(/Select login method/)
    await keep('waiting-on-a-login', 'waiting')
  }),
  story('bypass', async (stage, keep) => {
    await settle(stage, { args: ['--permission-mode', 'bypassPermissions'], env: { IS_SANDBOX: '1' } })
    await stage.spawn('Begin [[answer: begun]]')
    await stage.shows(/Bypass Permissions mode/)
    await keep('waiting-on-the-acceptance-of-a-mode', 'waiting')
  }),
  story('dialog', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('/model')
    await stage.shows(/Select model/)
    await keep('waiting-in-a-dialog-of-its-own', 'waiting')
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-a-dialog-of-its-own', 'idle')
  }),
  story('stale', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    const folder = home(stage, '.claude', 'sessions')
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    const noted = JSON.parse(await readFile(join(folder, file as string), 'utf8'))
    const other = { ...noted, procStart: '1', status: 'busy', statusUpdatedAt: Date.now() }
    await writeFile(join(folder, file as string), JSON.stringify(other))
    await keep('idle-beside-the-status-of-an-earlier-process', 'idle')
  }),
  story('without-hooks', async (stage, keep) => {
    await mkdir(home(stage, '.claude'), { recursive: true })
    await writeFile(home(stage, '.claude', 'settings.json'), JSON.stringify({ disableAllHooks: true }))
    await stage.spawn('Begin [[hold: one]] [[answer: begun]]')
    await stage.shows(/… \(\d+s/)
    await keep('working-without-hooks', 'working')
    stage.model.release('one')
    await stage.rests()
    await eventually(async () => isLongIdle(await stage.sight()), { what: 'ten idle seconds', timeoutMs: 30_000 })
    await keep('running-without-hooks-at-rest', 'running')
    await stage.say('Run [[shell: touch one]] [[answer: done]]')
    await stage.asks()
    await keep('waiting-without-hooks', 'waiting')
  }),
]
