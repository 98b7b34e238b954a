import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assertBundled, loadedPackages } from './harness/loaded-packages.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeAll(() => {
  assertBundled()
  place = createPlace()
  place.write('.orch/skills/careful/SKILL.md', '---\nname: careful\n---\nLook twice.')
})
afterAll(() => place?.remove())

const LINES = [
  '--version',
  'help',
  'nonsense',
  'phase Testing --id fix-it-2345',
  'spawn task',
  'spawn task --skill careful',
  'skills',
  'tail fix-it-2345',
  'status',
  'status --help',
  'doctor',
]

describe('the built CLI loads what a command needs', () => {
  it('loads these packages', () => {
    const table = LINES.map((line) => `${line.padEnd(32)}${loadedPackages(place, line.split(' ')).join(' ')}`)
    expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      --version                       @orch/cli
      help                            @orch/cli @orch/core
      nonsense                        @orch/cli @orch/core
      phase Testing --id fix-it-2345  @orch/cli @orch/core
      spawn task                      @orch/cli @orch/core @orch/core/memory valibot
      spawn task --skill careful      @orch/cli @orch/core @orch/core/memory valibot yaml
      skills                          @orch/cli @orch/core valibot yaml
      tail fix-it-2345                @orch/cli @orch/core valibot
      status                          @orch/backend-opencode @orch/backend-tmux @orch/cli @orch/core @orch/core/memory valibot
      status --help                   @orch/cli @orch/core cliui yargs
      doctor                          @orch/backend-opencode @orch/backend-tmux @orch/cli @orch/core @orch/core/memory valibot
      "
    `)
  })

  it('loads nothing but itself for --version', () => {
    expect(loadedPackages(place, ['--version'])).toEqual(['@orch/cli'])
  })

  it('loads yargs for a line that is not plain', () => {
    expect(loadedPackages(place, ['status', '--json=true'])).toContain('yargs')
  })

  it('loads no backend to report a phase', () => {
    const loaded = loadedPackages(place, ['phase', 'Testing', '--id', 'fix-it-2345'])
    expect(loaded).toEqual(expect.arrayContaining(['@orch/cli', '@orch/core']))
    expect(loaded.filter((name) => name.startsWith('@orch/backend-') || name === 'execa')).toEqual([])
  })
})
