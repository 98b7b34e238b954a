import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { createRandom } from '../../../../tests/kill/support/random.ts'
import { decideTurn } from '../../src/hooks/decide-turn.ts'
import { isBeginning, parseEvents, readEvent, readEvents, transcriptFinder } from '../../src/hooks/look-at-hooks.ts'
import type { Handle } from '../../src/parse.ts'

const scope = perTest()
let file: string

beforeEach(async () => {
  file = join((await scope.use(temporaryFolder())).path, 'run')
})

type Told = string | readonly [name: string, fields: object]

/** Lines of events, of which each is so long that few of them are read at first. */
function linesOf(told: readonly Told[]): string[] {
  return told.map((one, index) => {
    const [name, fields] = typeof one === 'string' ? [one, {}] : one
    return `${1000 + index}-7 ${JSON.stringify({ hook_event_name: name, ...fields, padding: 'x'.repeat(9000) })}`
  })
}

function namesRead(...told: readonly Told[]): string[] {
  writeFileSync(file, `${linesOf(told).join('\n')}\n`)
  return readEvents(file).map(({ name }) => name)
}

const COMPACT = ['SessionStart', { source: 'compact' }] as const
const MORNING = ['SessionStart', 'UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'Stop'] as const
const SUBAGENT = ['PreToolUse', { agent_id: 'a', agent_type: 'Explore', tool_name: 'Bash' }] as const

describe('isBeginning()', () => {
  const begins = (...told: readonly Told[]): boolean => {
    namesRead(...told)
    return isBeginning({ events: file } as Handle)
  }

  it('holds while a program told of nothing but the start of its conversation, also of one that it goes on with', () => {
    const byOrch = ['SessionStart', { source: 'resume', by: 'orch' }] as const
    expect(begins(byOrch)).toBe(true)
    expect(begins(byOrch, ['SessionStart', { source: 'resume' }])).toBe(true)
    expect(begins(...MORNING, ['SessionStart', { source: 'clear' }])).toBe(true)
  })

  it('does not hold once something happened, nor before anything was told', () => {
    expect(begins(...MORNING)).toBe(false)
    expect(begins('SessionStart', 'UserPromptSubmit')).toBe(false)
    expect(isBeginning({ events: `${file}.none` } as Handle)).toBe(false)
  })
})

describe('readEvents()', () => {
  it('goes back to the event before the newest message, where that left the program at rest', () => {
    expect(namesRead(...MORNING, 'UserPromptSubmit', 'PreToolUse')).toEqual(['Stop', 'UserPromptSubmit', 'PreToolUse'])
    expect(namesRead(...MORNING, SUBAGENT, 'UserPromptSubmit')).toEqual(['Stop', 'PreToolUse', 'UserPromptSubmit'])
  })

  it('goes back to the message before it, where a turn ran when it came', () => {
    const queued = ['UserPromptSubmit', 'PreToolUse', 'UserPromptSubmit', 'PostToolUse']
    expect(namesRead(...MORNING, ...queued)).toEqual(queued)
    const waiting = ['Stop', { background_tasks: [{ type: 'subagent', status: 'running' }] }] as const
    expect(namesRead(...MORNING, 'UserPromptSubmit', waiting, 'UserPromptSubmit')).toHaveLength(3)
  })

  it('goes back to the start of a session, but not to one that only goes on with less', () => {
    expect(namesRead(...MORNING, 'SessionStart')).toEqual(['SessionStart'])
    expect(namesRead(...MORNING, 'UserPromptSubmit', COMPACT, 'PreToolUse')).toHaveLength(4)
  })

  it('reads no more than was told, and nothing where no file is', () => {
    expect(namesRead('PreToolUse')).toEqual(['PreToolUse'])
    expect(readEvents(`${file}.none`)).toEqual([])
  })

  it('decides as the whole file does, whatever was told, while no message waits', () => {
    const names: readonly Told[] = ['UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'Stop', 'StopFailure', 'Interrupt']
    const others: readonly Told[] = [COMPACT, SUBAGENT, 'SessionEnd', 'PermissionRequest', 'SubagentStop']
    const all = [...names, ...names, ...others]
    const random = createRandom(121_949)
    for (let round = 0; round < 300; round += 1) {
      const told = Array.from({ length: 12 }, () => all[random(all.length)] as Told)
      const lines = linesOf(withoutQueues(told))
      writeFileSync(file, `${lines.join('\n')}\n`)
      const [few, whole] = [readEvents(file), parseEvents(lines)].map((events) => decideTurn(events, null))
      expect([told, few]).toEqual([told, whole])
    }
  })
})

describe('transcriptFinder()', () => {
  it('finds the transcript of the conversation that was told of last', () => {
    const find = transcriptFinder({ program: 'claude', events: file } as Handle)
    expect(find()).toBeNull()
    const begin = (path: string): void =>
      appendFileSync(file, `${linesOf([['SessionStart', { session_id: path, transcript_path: path }]])[0]}\n`)
    begin('/one')
    expect([find()?.path, find()?.path]).toEqual(['/one', '/one'])
    begin('/two')
    expect(find()?.path).toBe('/two')
  })
})

describe('readEvent()', () => {
  it('finds an event that many have followed, and none that was not told', () => {
    namesRead(...MORNING, ...MORNING, ...MORNING)
    expect(readEvent(file, '1001-7')).toMatchObject({ name: 'UserPromptSubmit', at: 1001 })
    expect(readEvent(file, '1001-8')).toBeUndefined()
  })
})

/** No message comes while a turn runs. */
function withoutQueues(told: readonly Told[]): Told[] {
  let rests = true
  return told.filter((one) => {
    const stays = one !== 'UserPromptSubmit' || rests
    if (stays) rests = ['Stop', 'StopFailure', 'Interrupt', 'SessionEnd'].includes(String(one))
    return stays
  })
}
