import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { BESIDE, COMMANDS, findCommand } from '../src/commands.ts'
import { TOPICS, topicText } from '../src/topics.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeAll(() => {
  place = createPlace()
})
afterAll(() => place.remove())

/** Every command line in a text: as a line of its own, and in code. */
function linesOf(text: string): string[] {
  return [...text.matchAll(/(?:^ {2}(?:id=\$\()?|`|&& |\|\| )orch ([a-z][^`#|\n]*)/gm)].map(([, line]) => line ?? '')
}

describe('the topics of help', () => {
  it('are all files there are, and none is named as a command', () => {
    const files = readdirSync(new URL('../topics', import.meta.url)).map((file) => file.replace('.md', ''))
    expect(TOPICS.map(({ name }) => name).sort()).toEqual(files.sort())
    const verbs = [...COMMANDS.map(({ name }) => name), ...BESIDE]
    expect(TOPICS.filter(({ name }) => verbs.includes(name))).toEqual([])
  })

  it.each(TOPICS.map(({ name }) => name))(
    '%s is shown whole, fits a terminal and names only what is there',
    async (name) => {
      const { code, stdout, stderr } = await callOrch(place, ['help', name])
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: topicText(name), stderr: '' })
      expect(stdout).toMatch(/^# \w/)
      expect(stdout).not.toContain('<!--')
      const wide = stdout.split('\n').filter((line) => !line.startsWith('|') && line.length > 100)
      expect(wide).toEqual([])
      for (const line of linesOf(stdout)) {
        const [verb = '', ...words] = line
          .replace(/"[^"]*"|'[^']*'/g, 'TEXT')
          .split(/\s{2,}/, 1)
          .join('')
          .split(' ')
        if (BESIDE.some((name) => name === verb)) continue
        const { options } = (await (await findCommand(verb)).load()).command
        const known = Object.entries(options).flatMap(([flag, { alias }]) => [`--${flag}`, `-${alias}`])
        const unknown = words.filter((word) => /^--?[a-zA-Z]/.test(word) && !known.includes(word))
        expect({ line, unknown }).toEqual({ line, unknown: [] })
      }
    },
  )

  it('show something to try', () => {
    expect(TOPICS.flatMap(({ name }) => linesOf(topicText(name))).length).toBeGreaterThan(20)
  })
})

describe('every command', () => {
  it('has an example in its help', async () => {
    for (const { name, load } of COMMANDS) {
      const { stdout } = await callOrch(place, ['help', name])
      expect({ name, example: /^Examples:\n {2}orch /m.test(stdout) }).toEqual({ name, example: true })
      expect((await load()).command.verb).toBe(name)
    }
  })
})
