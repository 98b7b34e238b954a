import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { watchHooks } from '../../src/hooks/watch-hooks.ts'
import type { Handle } from '../../src/parse.ts'

const scope = perTest()
let folder: string

beforeEach(async () => {
  folder = (await scope.use(temporaryFolder())).path
  for (const name of ['events', 'logs', 'sessions']) mkdirSync(join(folder, name))
})

/** An agent whose pane runs this very process' parent, so that it has a child with a known pid: this one. */
function agent(run: string): { id: string; handle: Handle } {
  const file = (name: string): string => join(folder, name, run)
  writeFileSync(file('logs'), '')
  writeFileSync(`${file('events')}.launch`, JSON.stringify({ session: 's', status: join(folder, 'sessions') }))
  const handle: Handle = {
    server: { pid: 1, startTime: 1 },
    window: '@1',
    pane: '%1',
    panePid: process.ppid,
    tty: '/dev/null',
    run,
    log: file('logs'),
    exit: join(folder, 'exit'),
    program: 'claude',
    events: file('events'),
  }
  return { id: run, handle }
}

function watched(...agents: ReturnType<typeof agent>[]): { changed: string[]; gaps: string[] } {
  const told = { changed: [] as string[], gaps: [] as string[] }
  scope.defer(watchHooks(agents, { onChange: (id) => told.changed.push(id), onGap: (text) => told.gaps.push(text) }))
  return told
}

const tell = (run: string, name: string): void =>
  appendFileSync(join(folder, 'events', run), `1000-7 ${JSON.stringify({ hook_event_name: name })}\n`)

describe('watchHooks()', () => {
  it('tells of each event, for the agent that it is of', async () => {
    const { changed, gaps } = watched(agent('one'), agent('two'))
    tell('one', 'SessionStart')
    await eventually(() => changed.includes('one'), { what: 'the first event' })
    tell('two', 'SessionStart')
    await eventually(() => changed.includes('two'), { what: 'the event of the other' })
    const before = changed.length
    tell('one', 'UserPromptSubmit')
    await eventually(() => changed.slice(before).includes('one'), { what: 'the next event' })
    expect(changed.slice(before)).not.toContain('two')
    expect(gaps).toEqual([])
  })

  it('tells of output before the first event, and of none after it', async () => {
    const { changed } = watched(agent('one'), agent('two'))
    appendFileSync(join(folder, 'logs', 'one'), 'Do you trust this folder?\n')
    await eventually(() => changed.length > 0, { what: 'the output' })
    tell('one', 'SessionStart')
    await marked(changed)
    const before = changed.length
    appendFileSync(join(folder, 'logs', 'one'), 'A spinner\n')
    await marked(changed)
    expect(changed.slice(before)).not.toContain('one')
  })

  it('tells of a status that the agent’s own process notes, and of no other', async () => {
    tell('one', 'SessionStart')
    const { changed } = watched(agent('one'), agent('two'))
    writeFileSync(join(folder, 'sessions', '1.json'), '{}')
    await marked(changed)
    expect(changed).not.toContain('one')
    writeFileSync(join(folder, 'sessions', `${process.pid}.json`), '{}')
    await eventually(() => changed.includes('one'), { what: 'the status' })
  })
})

/** Resolves when everything that happened before was told: an event of "two" comes behind it. */
async function marked(changed: readonly string[]): Promise<void> {
  const before = changed.length
  tell('two', 'Stop')
  await eventually(() => changed.slice(before).includes('two'), { what: 'the mark' })
}
