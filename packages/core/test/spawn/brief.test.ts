import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { SpawnDocument } from '../../src/documents.ts'
import type { SpawnOptions } from '../../src/orchestrator/options.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('spawn() with files for the context', () => {
  it('gives the agent their texts, as they are at spawn, each once', async () => {
    const file = write('project/docs/plan.md', 'First A.\n')
    symlinkSync(file, join(place.folder, 'link.md'))
    const context = ['docs/plan.md', file, join(place.folder, 'link.md')]
    const { text } = await given({ task: 'x', context })
    expect(text.match(/First A\./g)).toHaveLength(2)
    expect(text).toContain('The file docs/plan.md goes with the task')
    expect(text).toContain(`The file ${join(place.folder, 'link.md')} goes with the task`)
  })

  it.each([
    ['one that is not there', 'gone.md', 'FILE_NOT_FOUND', 'ENOENT'],
    ['a folder', 'folder', 'FILE_NOT_FOUND', 'it is a directory'],
    ['a pipe, without waiting for it', 'pipe', 'FILE_NOT_FOUND', 'it is no regular file'],
    ['bytes that are no text', 'bytes', 'USAGE', 'it is not UTF-8 text'],
    ['text with a NUL', 'nul', 'USAGE', 'it is not UTF-8 text'],
    ['one of more than 200,000 bytes', 'large', 'USAGE', 'it has 200001 bytes, more than 200000'],
  ])('refuses %s and makes nothing', async (_, name, code, text) => {
    mkdirSync(join(place.project, 'folder'))
    execFileSync('mkfifo', [join(place.project, 'pipe')])
    write('project/bytes', Buffer.from([0x66, 0xff, 0xfe]))
    write('project/nul', 'a\0b')
    write('project/large', 'x'.repeat(200_001))
    const message = expect.stringContaining(`Cannot give the agent the file "${join(place.project, name)}"`)
    const spawning = given({ task: 'x', context: [name] })
    await expect(spawning).rejects.toMatchObject({ code, message, outcome: 'none' })
    await expect(spawning).rejects.toThrow(text)
    expect(readdirSync(place.project)).not.toContain('.orch')
  })

  it('refuses a context that is too large as a whole, and names the part that most of it is', async () => {
    write('project/a', 'a'.repeat(199_000))
    await expect(given({ task: 'x'.repeat(400_000), context: ['a'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/has 5\d{5}|6\d{5} bytes, more than 500000, most of them its task \(400000\)$/),
    })
    const { text } = await given({ task: `y${'x'.repeat(300_000)}z` })
    expect(text).toContain(`y${'x'.repeat(300_000)}z`)
  })
})

describe('spawn() with a template', () => {
  it('makes the context by that of the project, else of the user', async () => {
    write('home/.config/orch/templates/SPAWN_CONTEXT.md', 'Dear agent: {{task}}\n{{reporting}}')
    expect((await given({ task: 'Tidy' })).text).toMatch(/^Dear agent: Tidy\nReport your progress/)
    write('project/.orch/templates/SPAWN_CONTEXT.md', '{{task}} in {{project}}, as {{id}}\n{{reporting}}')
    const { text, document } = await given({ task: 'Tidy' })
    expect(text.startsWith(`Tidy in ${place.project}, as ${document.agent.id}\nReport`)).toBe(true)
    expect(document.warnings).toEqual([])
  })

  it('says what it leaves out', async () => {
    const file = write('project/.orch/templates/SPAWN_CONTEXT.md', '{{task}}\n{{reporting}}')
    const { document } = await given({ task: 'x', deliverables: ['a'], verify: ['true'] })
    expect(document.warnings).toEqual(
      ['deliverables', 'verify'].map((name) => ({
        code: 'TEMPLATE_LEAVES_OUT',
        text: `The template "${file}" has no "{{${name}}}": the agent is not told of it`,
      })),
    )
  })

  it.each([
    ['{{tsak}}', 'CONFIG_INVALID'],
    ['no task', 'CONFIG_INVALID'],
    [Buffer.from([0xff]), 'USAGE'],
    ['x'.repeat(100_001), 'USAGE'],
  ])('makes nothing by one that cannot be used', async (content, code) => {
    const file = write('project/.orch/templates/SPAWN_CONTEXT.md', content)
    await expect(given({ task: 'x' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`the template "${file}"`),
      outcome: 'none',
    })
    expect(readdirSync(join(place.project, '.orch'))).toEqual(['templates'])
  })
})

async function given(options: SpawnOptions): Promise<{ readonly text: string; readonly document: SpawnDocument }> {
  const document = await spawn(await place.open(), options)
  const [text = ''] = place.server.received(document.agent.id)
  return { text, document }
}

function write(path: string, content: string | Uint8Array): string {
  const file = join(place.folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}
