import { parseArgs } from 'node:util'
import { confusionTable, judge } from './confusion.ts'
import { readCorpus } from './corpus.ts'
import { percentile, timeToWaiting } from './live.ts'
import { recordStory } from './record.ts'
import { STORIES } from './stories.ts'

/**
 * `npm run bench:states` prints which states were true and which were derived, over all recorded situations, and ends with
 * code 1 when one was wrong. `-- --record [NAME…]` records them anew first, with the real programs: all stories, those of a
 * program, or those of these names. `-- --live [TIMES]` measures, with the real programs, how long it takes from a dialog to
 * `waiting`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { record: { type: 'boolean', default: false }, live: { type: 'boolean', default: false } },
})

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

async function record(): Promise<void> {
  const isChosen = (...names: readonly string[]): boolean =>
    positionals.length === 0 || positionals.some((one) => names.includes(one))
  for (const story of STORIES) {
    if (!isChosen(story.program, story.name, `${story.program}-${story.name}`)) continue
    await recordStory(story, say).catch((error: Error) => {
      say(error.message)
      process.exitCode = 1
    })
  }
}

async function measure(): Promise<void> {
  const times = Number(positionals[0] ?? 20)
  for (const program of ['claude', 'codex'] as const) {
    const taken = await timeToWaiting(program, times)
    const [p50, p99] = [percentile(taken, 50), percentile(taken, 99)]
    process.stdout.write(`${program}: from its dialog to "waiting" p50 ${p50} ms, p99 ${p99} ms, ${times} times\n`)
  }
}

if (values.live) await measure()
else if (values.record) await record()
const judged = judge(readCorpus())
process.stdout.write(`${confusionTable(judged)}\n`)
const wrong = judged.filter(({ truth, derived }) => truth !== derived)
for (const { name, truth, derived } of wrong) say(`wrong: ${name} was ${truth}, derived was ${derived}`)
process.stdout.write(`${judged.length} situations, ${wrong.length} wrong\n`)
if (wrong.length > 0) process.exitCode = 1
