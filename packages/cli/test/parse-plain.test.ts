import { describe, expect, it } from '@jest/globals'
import { COMMANDS } from '../src/commands.ts'
import type { Command } from '../src/define-command.ts'
import { parsePlain } from '../src/parse-plain.ts'
import { parseWords } from '../src/parse-words.ts'

/** Words that a shell may hand over, the odd ones among them. */
const WORDS = [
  'a',
  'fix-it',
  '@last',
  'two words',
  '7',
  '0',
  '007',
  '1e3',
  '-5',
  '0x10',
  'true',
  'false',
  '',
  '=',
  'a=b',
]
const ODD = [
  '"q"',
  "'",
  'x\ny',
  '😀',
  'idle,done',
  '--no-json',
  '--nope',
  '-z',
  '--',
  '-qf',
  '-n5',
  '--n',
  '-C=/x',
  '--lines=',
]

const commands: Command[] = []
for (const entry of COMMANDS) commands.push((await entry.load()).command)

describe('parsePlain()', () => {
  it.each(commands.map((command) => [command.verb, command] as const))(
    'reads any line of "%s" as yargs does, or leaves it to yargs',
    async (_, command) => {
      const random = seeded(command.verb.length)
      let plain = 0
      for (let round = 0; round < 400; round++) {
        const words = line(command, random)
        const parsed = parsePlain(command, words)
        if (parsed === undefined) continue
        plain++
        expect({ words, parsed }).toEqual({ words, parsed: known(await parseWords(command, words)) })
      }
      expect(plain).toBeGreaterThan(20)
    },
  )

  it.each([
    ['status', ['--json']],
    ['status', ['-A', '--state', 'idle', '--state', 'done', '--exit-code']],
    ['tail', ['fix-it', '-n', '1', '-f']],
    ['send', ['fix-it', 'Use OAuth', '--force']],
    ['wait', ['a', 'b', '--until=idle', '--request-timeout', '5s']],
    ['phase', ['Complete', '--note', 'All tests pass', '--id', 'fix-it-2345']],
    ['answer', ['fix-it', '--allow', '-C', '/project']],
  ])('knows what "%s %j" means', (verb, words) => {
    expect(parsePlain(commandOf(verb), words)).toBeDefined()
  })

  it.each([
    ['status', ['--nope']],
    ['status', ['--all-projects', '--all-projects']],
    ['status', ['--json=false']],
    ['status', ['--backend', '']],
    ['status', ['--backend', '-x']],
    ['status', ['extra']],
    ['phase', []],
    ['tail', ['fix-it', '-n5']],
    ['tail', ['fix-it', '-n', '1.5']],
    ['tail', ['fix-it', '-f', 'false']],
    ['server', ['restart']],
    ['status', ['--constructor', 'x']],
  ])('leaves "%s %j" to yargs', (verb, words) => {
    expect(parsePlain(commandOf(verb), words)).toBeUndefined()
  })
})

function commandOf(verb: string): Command {
  const command = commands.find((one) => one.verb === verb)
  if (command === undefined) throw new Error(`There is no command "${verb}"`)
  return command
}

/** A line of up to six pieces, most of them such as the command knows. */
function line(command: Command, random: (below: number) => number): string[] {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T
  const pieces = Array.from({ length: random(5) }, () => {
    const kind = random(20)
    if (kind === 0) return [pick(ODD)]
    if (kind < 8) return [pick(WORDS)]
    const [name, option] = pick(Object.entries(command.options).filter(([one]) => one !== 'help'))
    const flag = typeof option.alias === 'string' && random(2) === 0 ? `-${option.alias}` : `--${name}`
    if (option.type === 'boolean') return [flag]
    const value = pick([...(option.choices ?? []).map(String), ...WORDS])
    return random(3) === 0 ? [`${flag}=${value}`] : [flag, value]
  })
  const required = command.command.split(' ').filter((word) => word.startsWith('<'))
  const fits = (slot: string): readonly string[] =>
    command.positionals[slot.slice(1, -1).replace('..', '')]?.choices?.map(String) ?? ['a', 'start']
  return [...required.map((slot) => (random(10) === 0 ? pick(WORDS) : pick(fits(slot)))), ...pieces.flat()]
}

/** What was set, without what yargs adds of its own. */
function known(args: object): object {
  return Object.fromEntries(
    Object.entries({ ...args, rest: [] }).filter(([name, value]) => name !== '$0' && value !== undefined),
  )
}

/** The same numbers in every run (a linear congruential generator). */
function seeded(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
