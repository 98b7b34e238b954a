import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createPlace, type Place } from './harness/place.ts'
import { finished, MAIN, runOrch, startScript } from './harness/run-orch.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

describe('stdout and stdin of the process', () => {
  it('spawn prints exactly the id and does not read stdin', async () => {
    const child = startScript(place, MAIN, ['spawn', 'Say hello [[answer: hello]]'])
    const { code, stdout, stderr } = await finished(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^say-hello-[a-z0-9-]+\n$/)
  })

  it('spawn - reads the task from stdin', async () => {
    const { code, stdout } = await runOrch(place, ['spawn', '-', '--json'], 'From stdin [[answer: hello]]')
    expect({ code, task: JSON.parse(stdout).agent.task }).toEqual({
      code: 0,
      task: expect.stringContaining('From stdin'),
    })
  })

  it('ends quietly with 0 when nobody reads stdout any more', async () => {
    const spawned = await runOrch(place, ['spawn', 'Talk [[answer: hello]]'])
    const child = startScript(place, MAIN, ['tail', '-f', '--json', spawned.stdout.trim()])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [sent, stderr, [code, signal]] = await Promise.all([
      runOrch(place, ['send', spawned.stdout.trim(), 'More [[answer: again]]']),
      text(child.stderr),
      once(child, 'exit'),
    ])
    expect(sent.code).toBe(0)
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('keeps its exit code when nobody reads stderr any more', async () => {
    const child = startScript(place, MAIN, ['nonsense'])
    child.stderr.destroy()
    expect(await once(child, 'exit')).toEqual([64, null])
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a waiting command with %i and says nothing', async (signal, code) => {
    const spawned = await runOrch(place, ['spawn', 'Hang [[hang: on]]'])
    const child = startScript(place, MAIN, ['tail', '-f', '--json', spawned.stdout.trim()])
    child.stdout.once('data', () => child.kill(signal))
    expect(await finished(child)).toMatchObject({ code, signal: null, stderr: '' })
  })
})
