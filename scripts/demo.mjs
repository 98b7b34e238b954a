import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { register } from 'tsx/esm/api'
import { firstDifference, withNewParagraphs } from './demo/recording.mjs'

const root = join(import.meta.dirname, '..')
const LONGEST_MS = 180_000

/**
 * The main job on a throw-away repository, with no key and no network: real OpenCode server, real tmux, real git, and a
 * scripted model. `--compare` fails where it went otherwise than in docs/recording.txt; `--record` writes that file, and
 * the README's parts of it.
 */
const { values } = parseArgs({ options: { record: { type: 'boolean' }, compare: { type: 'boolean' } } })
const [recordingFile, readmeFile] = ['docs/recording.txt', 'README.md'].map((path) => join(root, path))

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)))

function build() {
  const turbo = join(root, 'node_modules/.bin/turbo')
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  const run = spawnSync(turbo, ['run', 'build'], { cwd: root, encoding: 'utf8', env })
  if (run.status !== 0) throw new Error(`the build failed:\n${run.stdout}${run.stderr}`)
}

async function play() {
  build()
  register()
  const { Shell } = await import('./demo/shell.mjs')
  const { createStage } = await import('./demo/stage.mjs')
  const { tellStory } = await import('./demo/story.mjs')
  const stage = await createStage(root)
  console.log(`Working in ${stage.directory}`)
  const paths = { [stage.directory]: '/home/you/shop', [stage.env.HOME]: '/home/you', [root]: '/home/you/orch' }
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)])
  const shell = new Shell({ ...stage, paths, signal })
  try {
    await tellStory(shell, stage)
    return shell.recording()
  } finally {
    await shell.close()
    await stage.close()
  }
}

function compare(recording) {
  const difference = firstDifference(readFileSync(recordingFile, 'utf8'), recording)
  if (difference === null) return
  const [before, now] = difference
  throw new Error(
    `docs/recording.txt says otherwise; if this is right, run "npm run demo -- --record"\n- ${before}\n+ ${now}`,
  )
}

function record(recording) {
  writeFileSync(
    readmeFile,
    withNewParagraphs(readFileSync(readmeFile, 'utf8'), readFileSync(recordingFile, 'utf8'), recording),
  )
  writeFileSync(recordingFile, recording)
}

try {
  const started = performance.now()
  const recording = await play()
  if (values.record) record(recording)
  if (values.compare) compare(recording)
  console.log(`\nThe demo went as it should, in ${Math.round((performance.now() - started) / 1000)} s.`)
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`)
  process.exitCode = 1
}
