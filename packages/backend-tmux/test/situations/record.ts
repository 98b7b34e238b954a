import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeRecorded } from './corpus.ts'
import { shorten } from './shorten.ts'
import { replay, type Situation } from './situation.ts'
import { createStage, type Stage } from './stage.ts'
import type { Story } from './story.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '')

/** Tells a story on a stage of its own, and keeps the situations that it comes to. */
export async function recordStory(story: Story, progress: (text: string) => void): Promise<void> {
  const stage = await createStage(story.program)
  try {
    await story.tell(stage, async (name, truth) => {
      const seen = await stage.sight()
      const situation = shorten(scrub(seen, stage))
      const derived = replay(situation)
      if (derived.state !== replay(seen).state) throw new Error(`Cannot shorten "${name}": what is left says otherwise`)
      writeRecorded({ name: `${story.program}-${name}`, truth, situation })
      const verdict = derived.state === truth ? 'right' : `WRONG: ${derived.state}, ${derived.reason}`
      progress(`${story.program} ${name}: ${truth}, ${verdict}`)
    })
  } catch (cause) {
    const screen = await stage.screen().catch(String)
    throw new Error(`Cannot tell "${story.name}" of ${story.program}: ${(cause as Error).message}\n${screen}`, {
      cause,
    })
  } finally {
    await stage[Symbol.asyncDispose]()
  }
}

/** Replaces what belongs to this machine. */
function scrub(situation: Situation, { place, model }: Stage): Situation {
  const folder = dirname(place.env.HOME as string)
  const replacements: readonly (readonly [string, string])[] = [
    [folder, '/place'],
    [folder.replaceAll('/', '-'), '-place'],
    [ROOT, '/orch'],
    [process.execPath, '/usr/bin/node'],
    [new URL(model.url).host, '127.0.0.1:8080'],
    [homedir(), '/home/user'],
  ]
  const { sighting, record, report } = situation
  const text = JSON.stringify({ sighting, record })
  const clean = replacements.reduce((all, [what, by]) => all.replaceAll(what, by), text)
  return { ...(JSON.parse(clean) as Pick<Situation, 'sighting' | 'record'>), report }
}
