import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { settle } from '../settle.ts'
import type { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { ASKING } from './both.ts'

const story = (name: string, tell: Story['tell']): Story => ({ name, program: 'codex', tell })

const config = ({ place }: Stage): string => join(place.env.HOME as string, '.codex', 'config.toml')

/** What only Codex has, or only it shows so. */
export const CODEX_STORIES: readonly Story[] = [
  story('denied', async (stage, keep) => {
    await stage.spawn(`Run ${ASKING.codex('touch one')} [[answer: done]]`)
    await stage.asks()
    await stage.place.orch('answer', stage.id(), '--deny')
    await stage.rests()
    await keep('idle-after-a-denied-permission', 'idle')
  }),
  story('trust', async (stage, keep) => {
    await settle(stage, { args: ['-c', `projects={}`] })
    const file = config(stage)
    const { readFile, writeFile } = await import('node:fs/promises')
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !/^\[projects|^trust_level/.test(line))
    await writeFile(file, lines.join('\n'))
    await settle(stage, {})
    await stage.spawn('Begin [[answer: begun]]')
    await stage.shows(/trust/)
    await keep('waiting-on-trust-for-the-folder', 'waiting')
    await stage.press('Enter')
    await stage.shows(/• begun/)
    await stage.rests()
    await keep('idle-after-trust-and-turn', 'idle')
  }),
  story('hook-review', async (stage, keep) => {
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'touch foreign.txt' }] }] }
    await stage.place.write('.codex/hooks.json', JSON.stringify({ hooks }))
    await stage.spawn('Begin [[answer: begun]]')
    await stage.shows(/Hooks need review/)
    await keep('waiting-on-the-review-of-hooks', 'waiting')
  }),
  story('question', async (stage, keep) => {
    await settle(stage, { args: ['-c', 'features.default_mode_request_user_input=true'] })
    const options = ['Red', 'Blue'].map((label) => ({ label, description: `It is ${label}` }))
    const ask = (question: string): string =>
      `[[tool: request_user_input | ${JSON.stringify({ questions: [{ id: 'one', header: 'One', question, options }] })}]]`
    await stage.spawn(`Ask ${ask('Which colour?')} [[hold: one]] [[answer: fine]]`)
    await stage.shows(/Which colour\?[\s\S]*enter to submit/)
    await keep('waiting-on-a-question', 'waiting')
    await stage.press('2', 'Enter')
    await stage.holds('one')
    await keep('working-after-a-question', 'working')
    stage.model.release('one')
    await stage.rests()
    await keep('idle-after-a-question', 'idle')
    await stage.say(`Ask ${ask('Which size?')} [[answer: fine]]`)
    await stage.shows(/Which size\?[\s\S]*enter to submit/)
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-at-a-question', 'idle')
  }),
  story('update', async (stage, keep) => {
    const { writeFile } = await import('node:fs/promises')
    const newer = { latest_version: '99.0.0', last_checked_at: new Date().toISOString(), dismissed_version: null }
    await writeFile(join(config(stage), '..', 'version.json'), JSON.stringify(newer))
    const spec = { command: 'codex', args: [], env: {}, promptBy: 'none' }
    await stage.place.write('.orch/config.json', JSON.stringify({ programs: { codex: spec } }))
    await stage.spawn('Begin')
    await stage.shows(/Update available[\s\S]*Skip until/)
    await keep('waiting-on-an-update', 'waiting')
    await stage.press('2', 'Enter')
    await stage.shows(/Ask Codex/)
    await stage.say('Work [[hold: one]]')
    await stage.holds('one')
    await keep('working-after-an-update-was-passed-over', 'working')
  }),
  story('login', async (stage, keep) => {
    await settle(stage, { args: ['-c', 'model_provider="openai"'] })
    await stage.spawn('Begin [[answer: begun]]')
    await stage.shows(/Sign in with ChatGPT/)
    await keep('waiting-on-a-login', 'waiting')
  }),
  story('notify', async (stage, keep) => {
    const line = `notify = ["sh", "-c", "echo >> ${stage.place.project}/notified"]\n`
    const file = config(stage)
    const { readFile, writeFile } = await import('node:fs/promises')
    await writeFile(file, `${line}${await readFile(file, 'utf8')}`)
    await stage.spawn('Begin [[answer: begun]]')
    await stage.made('notified')
    await stage.say('Work [[hold: one]]')
    await stage.holds('one')
    await keep('working-beside-a-notify-of-the-user', 'working')
  }),
  story('compact', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('/compact')
    await stage.shows(/compacted/i)
    await stage.rests()
    await keep('idle-after-compacting', 'idle')
    await stage.say('Go on [[answer: on]] [[hold: one]]')
    await stage.holds('one')
    await keep('working-after-compacting', 'working')
  }),
  story('without-hooks', async (stage, keep) => {
    await appendFile(config(stage), '[features]\nhooks = false\n')
    await stage.spawn('Begin [[hold: one]] [[answer: begun]]')
    await stage.shows(/Working \(1\ds/)
    await keep('running-without-hooks', 'running')
    stage.model.release('one')
    await stage.rests()
    await keep('running-without-hooks-at-rest', 'running')
  }),
]
