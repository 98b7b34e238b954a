import { describe, expect, it } from '@jest/globals'
import { readSkill } from '../../src/skills/read-skill.ts'

const NOTHING = {
  ...{ name: null, description: null, deliverables: [], verify: null, backend: null, program: null },
  ...{ model: null, mode: null, permission: null, permissionRules: [] },
}

describe('readSkill()', () => {
  it('reads the common front matter, what is for orch, and the text', () => {
    const content = `---
name: careful
description: >
  Works with care,
  twice.
license: MIT
allowed-tools: Read, Bash(git:*)
orch:
  deliverables: [CHANGES.md, "{{workspace}}/report.md"]
  verify: npm run 'all tests'
  backend: opencode
  program: claude
  model: fast
  as: build
  permission: [deny, "bash:git *=allow"]
---

# Careful

---
Look twice.
`
    expect(readSkill(content)).toEqual({
      said: {
        name: 'careful',
        description: 'Works with care, twice.',
        deliverables: ['CHANGES.md', '{{workspace}}/report.md'],
        verify: ['npm', 'run', 'all tests'],
        backend: 'opencode',
        program: 'claude',
        model: 'fast',
        mode: 'build',
        permission: 'deny',
        permissionRules: [{ permission: 'bash', pattern: 'git *', action: 'allow' }],
      },
      text: '# Careful\n\n---\nLook twice.',
    })
  })

  it.each<[string, string, object, string]>([
    ['without front matter', '# Only text\n', {}, '# Only text'],
    ['with an empty one', '---\n---\ntext', {}, 'text'],
    ['with one of comments', '--- \n# nothing\n---', {}, ''],
    ['with line ends of Windows', '---\r\nname: a\r\n---\r\ntext\r\n', { name: 'a' }, 'text'],
    [
      'with its keys under metadata',
      '---\nmetadata: { x: 1, orch: { verify: [make, a b] } }\n---\n',
      { verify: ['make', 'a b'] },
      '',
    ],
    ['with one deliverable', '---\norch: { deliverables: a b.md }\n---\n', { deliverables: ['a b.md'] }, ''],
    ['with an empty description', '---\ndescription: " "\n---\n', {}, ''],
    ['whose text has a line of hyphens alone', 'text\n---\nname: a\n---\n', {}, 'text\n---\nname: a\n---'],
  ])('reads one %s', (_, content, said, text) => {
    expect(readSkill(content)).toEqual({ said: { ...NOTHING, ...said }, text })
  })

  it.each([
    ['---\nname: a\n', 'its front matter has no end'],
    ['---\nname: a\nb: [\n---\n', /^its front matter is not YAML \(line \d\): Flow sequence/],
    ['---\na: 1\na: 2\n---\n', /\(line 3\): Map keys must be unique/],
    ['---\n- a\n---\n', 'its front matter is no list of keys and values'],
    ['---\nname: 7\n---\n', '"name" is 7, not string'],
    ['---\nname: "a\\nb"\n---\n', '"name" must be one line'],
    ['---\norch: yes\n---\n', /^"orch" is "yes", not Object/],
    ['---\norch: { verfy: a }\n---\n', '"orch.verfy" is not known'],
    ['---\norch: { verify: "a \'b" }\n---\n', '"orch.verify" has no words, or a quote that is not closed'],
    ['---\norch: { deliverables: [1] }\n---\n', '"orch.deliverables" must be a text or a list of texts'],
    ['---\norch: { permission: perhaps }\n---\n', '"orch.permission" "perhaps" is neither a mode nor a rule'],
    ['---\norch: { permission: [deny, allow] }\n---\n', '"orch.permission" "deny" and "allow" are both given'],
  ])('says what is wrong with %j', (content, problem) => {
    expect(readSkill(content)).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem))
  })

  it('refuses aliases that grow without bound', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`)
    const problem = readSkill(`---\na0: &a0 [x]\n${levels.join('\n')}\n---\n`)
    expect(problem).toMatch(/^its front matter cannot be used: Excessive alias count/)
  })

  it('takes a key of the prototype for a key', () => {
    expect(readSkill('---\n__proto__: { polluted: yes }\nname: a\n---\n')).toMatchObject({ said: { name: 'a' } })
    expect({}).not.toHaveProperty('polluted')
  })
})
