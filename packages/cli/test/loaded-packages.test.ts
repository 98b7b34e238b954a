import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { buildCli, loadedPackages } from './harness/loaded-packages.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeAll(() => {
  buildCli()
  place = createPlace()
})
afterAll(() => place?.remove())

const LINES = [
  '--version',
  'help',
  'nonsense',
  'phase Testing --id fix-it-2345',
  'spawn task',
  'tail fix-it-2345',
  'status',
  'doctor',
]

describe('the built CLI loads what a command needs', () => {
  it('loads these packages', () => {
    const table = LINES.map((line) => `${line.padEnd(32)}${loadedPackages(place, line.split(' ')).join(' ')}`)
    expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot()
  })

  it('loads nothing but itself for --version', () => {
    expect(loadedPackages(place, ['--version'])).toEqual(['@orch/cli'])
  })

  it('loads no backend to report a phase', () => {
    const loaded = loadedPackages(place, ['phase', 'Testing', '--id', 'fix-it-2345'])
    expect(loaded).toEqual(expect.arrayContaining(['@orch/cli', '@orch/core', 'yargs']))
    expect(loaded.filter((name) => name.startsWith('@orch/backend-') || name === 'execa')).toEqual([])
  })
})
