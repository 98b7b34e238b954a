import { describe, expect, it } from '@jest/globals'
import { fillTemplate } from '../../src/workspace/context-template.ts'

const PARTS = { task: 'do $& {{id}} it', id: 'fix-7k3q', deliverables: '', verify: 'npm test' }

const fill = (text: string): ReturnType<typeof fillTemplate> => fillTemplate({ file: '/t.md', text }, PARTS)

describe('fillTemplate()', () => {
  it('puts parts in the place of their names and never looks at what they hold', () => {
    expect(fill('# {{ id }}\r\n{{task}} by {{verify}}\n\n\n')).toEqual({
      text: '# fix-7k3q\ndo $& {{id}} it by npm test\n',
      leftOut: [],
    })
  })

  it('takes the line of an empty part away, and the empty line after it', () => {
    expect(fill('{{task}}\n\n  {{deliverables}}\n\nEnd ({{deliverables}}).\n{{verify}}').text).toBe(
      'do $& {{id}} it\n\nEnd ().\nnpm test\n',
    )
  })

  it('leaves braces that name no part, and what a backslash keeps', () => {
    const text = '{{task}} {{ a b }} {{}} {x} $HOME $(touch x) `y` \\{{id}} {{{x'
    expect(fill(text).text).toBe('do $& {{id}} it {{ a b }} {{}} {x} $HOME $(touch x) `y` {{id}} {{{x\n')
  })

  it('names the parts that it leaves out though they say something', () => {
    expect(fill('{{task}}').leftOut).toEqual(['verify'])
  })

  it.each([
    ['a\n{{task}} {{tsak}}', 'line 2 has "{{tsak}}"', 'Write "{{task}}", or "\\{{tsak}}" to keep it as it is'],
    ['{{task}} {{constructor}}', 'line 1 has "{{constructor}}"', 'Use one of task, id, deliverables, verify, or'],
    ['{{id}}', '"{{task}}" is missing', 'Add a line "{{task}}" to "/t.md"'],
    ['', '"{{task}}" is missing', 'Add'],
  ])('refuses %j', (text, problem, hint) => {
    expect(() => fill(text)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`Cannot use the template "/t.md": ${problem}`),
        hint: expect.stringContaining(hint),
      }),
    )
  })
})
