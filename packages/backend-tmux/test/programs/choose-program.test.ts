import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CreateRequest, ProgramSpec } from '@orch/core'
import { chooseProgram } from '../../src/programs/choose-program.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orch-p-'))
  for (const name of ['claude', 'opencode', 'aider', 'mine', 'gemini'])
    writeFileSync(join(folder, name), '', { mode: 0o700 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What runs for a configured program, with the task and without the folder. */
async function argvOf(spec: Partial<ProgramSpec>): Promise<{ argv: string[]; promptBy: string; key: string }> {
  const program: ProgramSpec = { name: 'mine', command: 'mine', args: [], env: {}, promptBy: null, ...spec }
  const request = { id: 'a', program, programName: null, directory: folder } as unknown as CreateRequest
  const chosen = await chooseProgram(request, { PATH: folder })
  const [path, ...args] = chosen.argv('the task', ['--hooked'])
  return { argv: [path?.slice(folder.length + 1) ?? '', ...args], promptBy: chosen.spec.promptBy, key: chosen.key }
}

function module(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return pathToFileURL(join(folder, name)).href
}

const PROGRAM = `{
  spec: { name: 'own', command: 'mine', args: ['--own'], env: { A: 'own', B: 'own' }, promptBy: 'argument' },
  promptArguments: (prompt) => ['--task', prompt],
  hooks: null,
}`

describe('chooseProgram()', () => {
  it.each<readonly [string, Partial<ProgramSpec>, readonly string[]]>([
    [
      'a known one as its last argument',
      { name: 'claude', command: 'claude', args: ['-x'] },
      ['claude', '-x', '--hooked', 'the task'],
    ],
    [
      'opencode behind a flag',
      { name: 'opencode', command: 'opencode' },
      ['opencode', '--hooked', '--prompt', 'the task'],
    ],
    [
      'opencode run behind all flags',
      { name: 'opencode', command: 'opencode', args: ['run', '--auto'] },
      ['opencode', 'run', '--auto', '--hooked', '--', 'the task'],
    ],
    [
      'opencode run under its own name, with more flags',
      { name: 'opencode-run', command: null, args: ['--auto'] },
      ['opencode', 'run', '--auto', '--hooked', '--', 'the task'],
    ],
    [
      'gemini behind a flag',
      { name: 'gemini', command: 'gemini' },
      ['gemini', '--hooked', '--prompt-interactive', 'the task'],
    ],
    ['one that takes it typed, not at all', { name: 'aider', command: 'aider' }, ['aider', '--hooked']],
    ['one that is not known, not at all', {}, ['mine', '--hooked']],
    [
      'a known one, not at all where the configuration says so',
      { name: 'claude', command: 'claude', promptBy: 'send' },
      ['claude', '--hooked'],
    ],
    [
      'one that is not known, where the configuration says so',
      { promptBy: 'argument' },
      ['mine', '--hooked', 'the task'],
    ],
  ])('gives the task to %s', async (_, spec, argv) => {
    expect((await argvOf(spec)).argv).toEqual(argv)
  })

  it('listens to opencode run as another program than opencode', async () => {
    const keyOf = async (spec: Partial<ProgramSpec>): Promise<string> => (await argvOf(spec)).key
    expect(await keyOf({ name: 'opencode', command: 'opencode', args: ['run'] })).toBe('opencode-run')
    expect(await keyOf({ name: 'opencode-run', command: null, args: ['run', '-m', 'a/b'] })).toBe('opencode-run')
    expect(await keyOf({ name: 'opencode', command: 'opencode', args: ['-m', 'run'] })).toBe('opencode')
  })

  it('runs a module as it says, with what the configuration adds', async () => {
    const url = module('own.mjs', `export const apiVersion = 1\nexport const program = ${PROGRAM}`)
    const spec = { command: null, args: ['--more'], env: { B: 'more' }, module: url }
    expect(await argvOf(spec)).toEqual({
      argv: ['mine', '--own', '--more', '--hooked', '--task', 'the task'],
      promptBy: 'argument',
      key: expect.stringMatching(/^module:[A-Za-z0-9_-]+$/),
    })
    expect((await argvOf({ ...spec, command: 'claude', promptBy: 'send' })).argv).toEqual([
      ...['claude', '--own', '--more', '--hooked'],
    ])
  })

  it.each([
    ['is not there', null, 'Cannot load program "mine" from'],
    ['is no JavaScript', 'export {', 'Cannot load program "mine" from'],
    ['exports no program', 'export const apiVersion = 1', 'it exports no "program"'],
    ['speaks another version', `export const apiVersion = 2\nexport const program = ${PROGRAM}`, 'it speaks version 2'],
    [
      'names no command',
      'export const apiVersion = 1\nexport const program = { spec: { name: "x", args: [] } }',
      'lacks a name, a command',
    ],
    [
      'takes its task in no known way',
      `export const apiVersion = 1\nexport const program = ${PROGRAM.replace('argument', 'magic')}`,
      '"program.spec.promptBy" is not known',
    ],
    [
      'lacks a method',
      `export const apiVersion = 1\nexport const program = ${PROGRAM.replace('null', '{ launch() {} }')}`,
      'lacks "statusDirectory"',
    ],
  ])('refuses a module that %s', async (name, text, message) => {
    const file = `${name.replaceAll(' ', '-')}.mjs`
    const url = text === null ? pathToFileURL(join(folder, file)).href : module(file, text)
    await expect(argvOf({ command: null, module: url })).rejects.toMatchObject({
      code: 'PROGRAM_INVALID',
      message: expect.stringContaining(message),
    })
  })
})
