import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { SpawnOptions } from '../../src/orchestrator/options.ts'
import { skills } from '../../src/orchestrator/skills.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('skills()', () => {
  it('finds those of the project, the configuration and the user, and says which counts', async () => {
    write('project/.orch/config.json', JSON.stringify({ skills: ['../more', '~/mine'] }))
    const folders = [
      ...['.orch', '.opencode', '.claude', '.agents'].map((name) => `project/${name}/skills`),
      ...['project/more', 'home/mine'],
      ...['home/.config/orch/skills', 'home/.config/opencode/skills', 'home/.claude/skills', 'home/.agents/skills'],
    ].map((path) => join(place.folder, path))
    for (const [at, folder] of folders.entries()) writeIn(folder, 'same', `---\ndescription: number ${at}\n---\n`)
    writeIn(folders[8] as string, 'alone', 'text')
    const found = await skills(await place.open())
    expect(found.folders.map(({ path }) => path)).toEqual(folders)
    expect(found.folders.map(({ origin }) => origin)).toEqual([
      ...['project', 'project', 'project', 'project', 'configuration', 'configuration'],
      ...['user', 'user', 'user', 'user'],
    ])
    expect(found.skills.map(({ name, description, shadowedBy }) => [name, description, shadowedBy])).toEqual([
      ['alone', null, null],
      ...folders.map((_, at) => [
        'same',
        `number ${at}`,
        at === 0 ? null : join(place.project, '.orch/skills/same/SKILL.md'),
      ]),
    ])
    expect(found.warnings).toEqual([])
  })

  it('lists those that cannot be used with their problem, and nothing that is no skill', async () => {
    skill('good', '---\nname: better\n---\n')
    skill('broken', '---\norch: { x: 1 }\n---\n')
    skill('bytes', Buffer.from([0xff, 0xfe]))
    skill('large', 'x'.repeat(100_001))
    mkdirSync(join(place.project, '.orch/skills/empty'))
    mkdirSync(join(place.project, '.orch/skills/folder/SKILL.md'), { recursive: true })
    mkdirSync(join(place.project, '.orch/skills/pipe'))
    execFileSync('mkfifo', [join(place.project, '.orch/skills/pipe/SKILL.md')])
    write('project/.orch/skills/README.md', 'no skill')
    symlinkSync(join(place.project, '.orch/skills/good'), join(place.project, '.orch/skills/linked'))
    symlinkSync('/nowhere', join(place.project, '.orch/skills/dangling'))
    const found = await skills(await place.open())
    expect(found.skills.map(({ name, problem }) => [name, problem?.text ?? null])).toEqual([
      ['better', null],
      ['better', null],
      ['broken', '"orch.x" is not known'],
      ['bytes', expect.stringMatching(/^cannot read ".*bytes.SKILL.md": it is not UTF-8 text$/)],
      ['folder', expect.stringContaining('it is a directory')],
      ['large', expect.stringContaining('it has 100001 bytes, more than 100000')],
      ['pipe', expect.stringContaining('it is no regular file')],
    ])
  })

  it('names the files beside it, without hidden ones and what links lead to', async () => {
    skill('rich', 'text')
    for (const file of ['b.md', 'a.md', 'scripts/run.sh', '.hidden', 'node_modules/x', 'SKILL.md.bak', 'a\nb'])
      write(`project/.orch/skills/rich/${file}`, '')
    symlinkSync('/', join(place.project, '.orch/skills/rich/root'))
    const [rich] = (await skills(await place.open())).skills
    expect(rich?.resources).toEqual(['SKILL.md.bak', 'a.md', 'b.md', 'scripts/run.sh'])
    for (let at = 0; at < 120; at++) write(`project/.orch/skills/rich/deep/${at}`, '')
    expect((await skills(await place.open())).skills[0]?.resources).toHaveLength(100)
    const { told } = await spawned({ task: 'x', skill: 'rich' })
    expect(told).toContain('It has many other files, among them: SKILL.md.bak, a.md,')
  })
})

describe('spawn() with a skill', () => {
  const CAREFUL = `---
orch:
  deliverables: ["{{workspace}}/report-{{id}}.md"]
  verify: npm test
  model: fast
  permission: [ask, "bash:git *=allow"]
---
Look twice. {{task}} $(touch x)
`

  it('gives the agent its text, and what it says counts where the caller says nothing', async () => {
    skill('careful', CAREFUL)
    write('project/.orch/skills/careful/check.sh', '')
    const { record, told } = await spawned({ task: 'x', skill: 'careful' })
    expect(record).toMatchObject({
      skill: 'careful',
      deliverables: [`${record.workspace}/report-${record.id}.md`],
      verify: ['npm', 'test'],
      model: 'fast',
      permission: 'ask',
      permissionRules: [{ permission: 'bash', pattern: 'git *', action: 'allow' }],
    })
    expect(told).toContain('Work on the task by the skill "careful"')
    expect(told).toContain('Look twice. {{task}} $(touch x)')
    expect(told).toContain(join(place.project, '.orch/skills/careful'))
    expect(told).toContain('check.sh')
    expect(told).toContain(`- ${record.workspace}/report-${record.id}.md`)
  })

  it('is outranked by the caller, whose deliverables are added', async () => {
    skill('careful', CAREFUL)
    const own = { deliverables: ['a.md'], verify: ['true'], model: 'best', permission: 'deny' } as const
    const { record } = await spawned({ task: 'x', skill: 'careful', ...own })
    expect(record).toMatchObject({ verify: ['true'], model: 'best', permission: 'deny' })
    expect(record.permissionRules).toBeUndefined()
    expect(record.deliverables).toEqual([`${record.workspace}/report-${record.id}.md`, 'a.md'])
  })

  it('outranks the configuration', async () => {
    write('project/.orch/config.json', JSON.stringify({ verify: 'make', defaultBackend: 'absent' }))
    skill('careful', CAREFUL.replace('verify: npm test', 'verify: npm test\n  backend: memory'))
    expect((await spawned({ task: 'x', skill: 'careful' })).record).toMatchObject({
      backend: 'memory',
      verify: ['npm', 'test'],
    })
  })

  it('names a model for its own backend only', async () => {
    skill('elsewhere', '---\norch: { backend: other, model: fast, as: build, program: p }\n---\n')
    const { record } = await spawned({ task: 'x', skill: 'elsewhere' }, { backend: 'memory' })
    expect(record).toMatchObject({ backend: 'memory', model: null, mode: null, program: null })
    await expect(spawned({ task: 'x', skill: 'elsewhere' })).rejects.toMatchObject({ code: 'BACKEND_UNKNOWN' })
  })

  it('is not changed for an agent by what becomes of its file', async () => {
    const file = skill('careful', CAREFUL)
    const { record } = await spawned({ task: 'x', skill: 'careful' })
    writeFileSync(file, '---\norch: { verify: "true" }\n---\nForget it')
    const orch = await place.open()
    expect((await orch.registry.get(record.id))?.record.verify).toEqual(['npm', 'test'])
    rmSync(dirname(file), { recursive: true })
    expect((await orch.registry.get(record.id))?.record.skill).toBe('careful')
    expect(readFileSync(join(record.workspace, 'SPAWN_CONTEXT.md'), 'utf8')).toContain('Look twice.')
  })

  it.each([
    ['carefull', 'there is none of this name', 'Did you mean "--skill careful"?'],
    ['care', 'there is none of this name', 'Did you mean "--skill careful"?'],
    ['zzzzz', 'there is none of this name', 'Run "orch skills"'],
    ['../careful', 'there is none of this name', 'Run "orch skills"'],
    ['', 'there is none of this name', 'Run "orch skills"'],
  ])('refuses the unknown skill %j and offers what may be meant', async (name, state, hint) => {
    skill('careful', CAREFUL)
    await expect(spawned({ task: 'x', skill: name })).rejects.toMatchObject({
      code: 'SKILL_NOT_FOUND',
      message: `Cannot find the skill ${JSON.stringify(name)}: ${state}`,
      hint: expect.stringContaining(hint),
    })
  })

  it('says that there are none, and what could not be looked into', async () => {
    await expect(spawned({ task: 'x', skill: 'a' })).rejects.toMatchObject({
      message: expect.stringContaining('there are no skills'),
    })
  })

  it('refuses the one that counts when it cannot be used, though another one could', async () => {
    const file = skill('careful', '---\nname: [\n---\n')
    write('project/.claude/skills/careful/SKILL.md', CAREFUL)
    await expect(spawned({ task: 'x', skill: 'careful' })).rejects.toMatchObject({
      code: 'SKILL_INVALID',
      message: expect.stringContaining('Cannot use the skill "careful": its front matter is not YAML (line '),
      hint: `Mend "${file}"`,
      outcome: 'none',
    })
  })
})

async function spawned(
  options: SpawnOptions,
  how: PlaceOptions = {},
): Promise<{ readonly record: AgentRecord; readonly told: string }> {
  const orch = await place.open(how)
  const { agent } = await spawn(orch, options)
  const stored = await orch.registry.get(agent.id)
  return { record: stored?.record as AgentRecord, told: place.server.received(agent.id)[0] as string }
}

function skill(name: string, content: string | Uint8Array): string {
  return write(`project/.orch/skills/${name}/SKILL.md`, content)
}

function writeIn(folder: string, name: string, content: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'SKILL.md'), content)
}

function write(path: string, content: string | Uint8Array): string {
  const file = join(place.folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}
