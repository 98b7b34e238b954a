import { eventually } from '../../../../../tests/harness/eventually.ts'
import { subagent } from '../../../../../tests/scripted-model/subagent.ts'
import type { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const story = (name: string, tell: Story['tell']): Story => ({ name, program: 'opencode', tell })

const run = (name: string, tell: Story['tell']): Story => ({ name, program: 'opencode-run', tell })

/** Presses Escape as a person does: the first one asks for the second. */
async function breakOff(stage: Stage): Promise<void> {
  await stage.press('Escape')
  await stage.shows(/again to interrupt/)
  await stage.press('Escape')
  await stage.rests()
}

const refused = ({ model }: Stage, times: number): Promise<unknown> =>
  eventually(() => model.requests.filter(({ state }) => state === 'refused').length >= times, {
    what: `${times} refusals`,
    timeoutMs: 30_000,
  })

/** What OpenCode in a terminal is brought into, where it is not as the others. */
export const OPENCODE_STORIES: readonly Story[] = [
  story('turns', async (stage, keep) => {
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
    await stage.shows(/QUEUED/)
    await keep('working-with-a-queued-message', 'working')
    stage.model.release('two')
    await stage.holds('three')
    await keep('working-on-the-queued-message', 'working')
    stage.model.release('three')
    await stage.rests()
    await keep('idle-after-the-queued-message', 'idle')
  }),
  story('escape', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('Work [[hold: a]]')
    await stage.holds('a')
    await breakOff(stage)
    await keep('idle-after-escape-before-words', 'idle')
    await stage.say('Work [[answer: said]] [[hold: b]]')
    await stage.holds('b')
    await stage.press('Escape')
    await stage.shows(/again to interrupt/)
    await keep('working-after-the-first-escape', 'working')
    await stage.press('Escape')
    await stage.rests()
    await keep('idle-after-escape-among-words', 'idle')
    await stage.say('Next [[answer: next]] [[hold: c]]')
    await stage.holds('c')
    await keep('working-after-escape', 'working')
  }),
  story('permission', async (stage, keep) => {
    const task = 'Run [[shell: touch one]] [[hold: between]] [[shell: touch two]] [[answer: done]]'
    await stage.spawn(task)
    await stage.asks()
    await keep('waiting-on-a-permission', 'waiting')
    await stage.agree(() => stage.model.waiting().includes('between'))
    await keep('working-after-a-permission', 'working')
    stage.model.release('between')
    await stage.asks()
    await stage.place.orch('answer', stage.id(), '--deny')
    await stage.rests()
    await keep('idle-after-a-denied-permission', 'idle')
  }),
  story('question', async (stage, keep) => {
    await stage.spawn('Ask [[question: Which colour? | Red | Blue]] [[hold: one]] [[answer: fine]]')
    await stage.shows(/Which colour\?[\s\S]*enter/)
    await keep('waiting-on-a-question', 'waiting')
    await stage.agree(() => stage.model.waiting().includes('one'))
    await keep('working-after-a-question', 'working')
  }),
  story('refusals', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.say('Fail [[error: 400]]')
    await stage.shows(/Scripted error 400/)
    await stage.rests()
    await keep('failed-by-400', 'failed')
    await stage.say('Go on [[answer: well]]')
    await stage.rests()
    await keep('idle-after-a-failure', 'idle')
    await stage.say('Fail [[error: 500]]')
    await refused(stage, 3)
    await keep('working-while-the-model-is-asked-again', 'working')
  }),
  story('subagents', async (stage, keep) => {
    const inner = 'Inner [[hold: inner]] [[shell: touch inner]] [[answer: said]]'
    await stage.spawn(`Send ${subagent(inner)} [[hold: outer]] [[answer: done]]`)
    await stage.holds('inner')
    await keep('working-while-a-subagent-works', 'working')
    stage.model.release('inner')
    await stage.asks()
    await keep('waiting-on-the-permission-of-a-subagent', 'waiting')
    await stage.place.orch('answer', stage.id(), '--allow')
    await stage.holds('outer')
    await keep('working-after-a-subagent', 'working')
    stage.model.release('outer')
    await stage.rests()
    await keep('idle-after-a-subagent', 'idle')
  }),
  story('terminate', async (stage, keep) => {
    await stage.spawn('Work [[hold: one]]')
    await stage.holds('one')
    await stage.end('SIGTERM')
    await keep('exited-after-sigterm-in-a-turn', 'exited')
  }),
  story('leave', async (stage, keep) => {
    await stage.spawn('Begin [[answer: begun]]')
    await stage.rests()
    await stage.press('C-c')
    await stage.gone()
    await keep('exited-by-a-person', 'exited')
  }),
]

/** What `opencode run` is brought into, which ends with its turn. */
export const OPENCODE_RUN_STORIES: readonly Story[] = [
  run('turn', async (stage, keep) => {
    await stage.spawn('Work [[hold: one]] [[answer: some words]] [[hold: two]] [[answer: over]]')
    await stage.holds('one')
    await keep('working-before-words', 'working')
    stage.model.release('one')
    await stage.holds('two')
    await keep('working-among-words', 'working')
    stage.model.release('two')
    await stage.gone()
    await keep('exited-after-turn', 'exited')
  }),
  run('refusal', async (stage, keep) => {
    await stage.spawn('Fail [[error: 400]]')
    await stage.gone()
    await keep('failed-by-400', 'failed')
  }),
  run('retry', async (stage, keep) => {
    await stage.spawn('Fail [[error: 500]]')
    await refused(stage, 2)
    await keep('working-while-the-model-is-asked-again', 'working')
  }),
  run('permission', async (stage, keep) => {
    await stage.spawn('Run [[shell: touch one]] [[answer: done]]')
    await stage.gone()
    await keep('exited-after-a-rejected-permission', 'exited')
  }),
  run('subagents', async (stage, keep) => {
    const inner = 'Inner [[hold: inner]] [[shell: touch inner]] [[answer: said]]'
    await stage.spawn(`Send ${subagent(inner)} [[hold: outer]] [[answer: done]]`)
    await stage.holds('inner')
    await keep('working-while-a-subagent-works', 'working')
    stage.model.release('inner')
    await stage.holds('outer')
    await keep('working-after-a-rejected-subagent', 'working')
    stage.model.release('outer')
    await stage.gone()
    await keep('exited-after-a-subagent', 'exited')
  }),
  run('leaving', async (stage, keep) => {
    await stage.spawn('Work [[hold: one]] [[answer: over]]')
    await stage.holds('one')
    const { pid } = await stage.process()
    const hasEnded = async (): Promise<boolean> => {
      const { sighting } = await stage.sight()
      return sighting.testimony?.eventLines.some((line) => line.includes('"Stop"')) ?? false
    }
    stage.model.release('one')
    await eventually(hasEnded, { what: 'the end of the turn', timeoutMs: 30_000, intervalMs: 1 })
    process.kill(pid, 'SIGSTOP')
    await keep('working-about-to-end', 'working')
  }),
]
