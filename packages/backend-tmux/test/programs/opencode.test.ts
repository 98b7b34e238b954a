import { describe, expect, it } from '@jest/globals'
import { opencode } from '../../src/programs/opencode.ts'

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
