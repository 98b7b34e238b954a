import { describe, expect, it } from '@jest/globals'
import { PROGRAM_CASES } from '../../src/contract/cases.ts'
import { isSelectedFor } from '../../src/contract/run-program-contract.ts'
import { opencode, opencodeRun } from '../../src/programs/opencode.ts'
import type { Program } from '../../src/programs/program.ts'

const launch = opencode.hooks?.launch(() => '', 'unused')
const content = (env: Record<string, string>): unknown =>
  JSON.parse(launch?.environment?.('/base/a b#/opencode.mjs', env).OPENCODE_CONFIG_CONTENT ?? '')

describe('opencode', () => {
  it('loads the plugin of its launch beside what the user has set in the same variable', () => {
    const plugin = 'file:///base/a%20b%23/opencode.mjs'
    expect(content({})).toEqual({ plugin: [plugin] })
    expect(content({ OPENCODE_CONFIG_CONTENT: '' })).toEqual({ plugin: [plugin] })
    const own = { model: 'own/model', plugin: ['theirs', ['other', { a: 1 }]] }
    expect(content({ OPENCODE_CONFIG_CONTENT: JSON.stringify(own) })).toEqual({
      model: 'own/model',
      plugin: ['theirs', ['other', { a: 1 }], plugin],
    })
  })

  it.each(['{ "model": ', '// mine\n{}', '7', 'null'])(
    'is not launched with %j there, which it could not add to',
    (text) => {
      expect(() => content({ OPENCODE_CONFIG_CONTENT: text })).toThrow(
        expect.objectContaining({ code: 'CREATE_FAILED', message: expect.stringContaining('OPENCODE_CONFIG_CONTENT') }),
      )
    },
  )
})

describe('opencodeRun', () => {
  const cases = (program: Program): string[] =>
    PROGRAM_CASES.filter((entry) => isSelectedFor(program, entry)).map(({ id }) => id)

  it('is tried with everything that needs no message behind its task', () => {
    expect(cases(opencode)).toContain('message-is-confirmed')
    expect(cases(opencodeRun)).toEqual([
      'declares-what-it-has',
      'leaves-the-files-of-the-user',
      'takes-its-task-as-declared',
      'knows-its-start-screens',
      'turn-begins-and-ends',
      'turn-that-fails-is-an-error',
      'task-is-answered',
    ])
  })

  it('loads a plugin that knows how it runs, and goes on with no conversation', () => {
    const { resume, settings } = opencodeRun.hooks?.launch(() => '', 'unused') ?? {}
    expect(resume).toBeUndefined()
    expect(settings).toContain('const isRun = true')
    expect(launch?.settings).toContain('const isRun = false')
  })
})
