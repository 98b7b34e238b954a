import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

  it('tells as it ends what is known of its turn, where its plugin has not heard of the end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'orch-t-'))
    writeFileSync(join(folder, 'plugin.mjs'), opencodeRun.hooks?.launch(() => '', 'unused').settings ?? '')
    writeFileSync(join(folder, 'program.mjs'), LEAVES_IN_ITS_TURN)
    const env = { ...process.env, ORCH_TMUX_RUN: 'run' }
    expect(spawnSync(process.execPath, [join(folder, 'program.mjs')], { env }).status).toBe(1)
    const last = readFileSync(join(folder, 'run'), 'utf8').trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last.slice(last.indexOf(' ')))).toMatchObject({
      hook_event_name: 'StopFailure',
      last_assistant_message: 'refused',
      leaves: true,
    })
    rmSync(folder, { recursive: true })
  })
})

const LEAVES_IN_ITS_TURN = `
import { Orch } from './plugin.mjs'
const session = { get: async () => ({ data: { id: 'a' } }) }
const plugin = await Orch({ client: { session } })
await plugin['chat.message']({ sessionID: 'a' }, { message: { id: 'm' }, parts: [{ type: 'text', text: 'Task' }] })
const error = { name: 'APIError', data: { message: 'refused' } }
await plugin.event({ event: { type: 'session.error', properties: { sessionID: 'a', error } } })
process.exit(1)
`
