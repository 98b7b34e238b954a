import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { CheckDocument, Skill, SkillsDocument, SpawnDocument } from '@orch/core'
import { command as skills } from '../src/commands/skills.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'
import { rendered } from './harness/rendered.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

it('skills are listed, one of them is spawned with, and check shows what it agreed on', async () => {
  const text = '---\ndescription: Looks twice\norch: { verify: npm test, deliverables: a.md }\n---\nLook twice.'
  const file = place.write('.claude/skills/careful/SKILL.md', text)
  place.write('.agents/skills/careful/SKILL.md', text)
  const listed = await callOrch(place, ['skills', '--json'])
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect((JSON.parse(listed.stdout) as SkillsDocument).skills).toMatchObject([
    {
      name: 'careful',
      description: 'Looks twice',
      file,
      origin: 'project',
      shadowedBy: null,
      problem: null,
    },
    { name: 'careful', shadowedBy: file },
  ])
  const spawned = await callOrch(place, ['spawn', 'Fix it [[answer: ok]]', '--skill', 'careful', '--json'])
  const { agent } = JSON.parse(spawned.stdout) as SpawnDocument
  const checked = await callOrch(place, ['check', agent.id, '--json'])
  expect(JSON.parse(checked.stdout) as CheckDocument).toMatchObject({
    skill: 'careful',
    verify: ['npm', 'test'],
    deliverables: [{ path: 'a.md', exists: false }],
  })
  const refused = await callOrch(place, ['spawn', 'Fix it', '--skill', 'carefull', '--json'])
  expect(refused).toMatchObject({ code: 66, stdout: '' })
  expect(JSON.parse(refused.stderr).error).toMatchObject({
    code: 'SKILL_NOT_FOUND',
    hint: 'Did you mean "--skill careful"?',
  })
})

it('skills says where they are looked for when there are none', async () => {
  const { code, stdout, stderr } = await callOrch(place, ['skills'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toContain('orch: There are no skills. A skill is a folder with a SKILL.md, in one of:\n')
  expect(stderr).toContain(`  ${join(place.project, '.orch/skills')}\n`)
})

it('skills shows what each says, and never their control characters', () => {
  const skill: Skill = {
    name: 'careful',
    description: 'Looks twice',
    file: '/shop/.orch/skills/careful/SKILL.md',
    origin: 'project',
    deliverables: ['a.md', 'b.md'],
    verify: ['npm', 'test'],
    backend: 'tmux',
    program: 'claude',
    model: null,
    mode: null,
    permission: 'deny',
    permissionRules: [],
    resources: [],
    shadowedBy: null,
    problem: null,
  }
  const none = {
    ...skill,
    ...{
      deliverables: [],
      verify: null,
      backend: null,
      program: null,
      permission: null,
    },
  }
  const document: SkillsDocument = {
    apiVersion: 1,
    warnings: [],
    folders: [],
    skills: [
      skill,
      {
        ...none,
        origin: 'user',
        shadowedBy: '/shop/.orch/skills/careful/SKILL.md',
      },
      {
        ...none,
        name: 'evil\x1b[2J',
        description: '\x1b]0;owned\x07ok',
        file: '/a\nb',
      },
      {
        ...none,
        name: 'odd',
        problem: { code: 'SKILL_INVALID', text: '"orch.x" is not known' },
      },
    ],
  }
  expect(
    rendered(skills, document),
  ).toBe(`careful  project  Looks twice (tmux, claude, deny; makes a.md, b.md; verified by npm test)
  /shop/.orch/skills/careful/SKILL.md
careful  user  does not count: the first of this name does
  /shop/.orch/skills/careful/SKILL.md
evil  project  ok
  /a b
odd  project  cannot be used: "orch.x" is not known
  /shop/.orch/skills/careful/SKILL.md
`)
})
