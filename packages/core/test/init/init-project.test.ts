import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { loadConfig } from '../../src/config/config.ts'
import { parseJsonc } from '../../src/config/jsonc.ts'
import { findConfigProblem } from '../../src/config/schema.ts'
import { findSection, SECTION } from '../../src/init/agent-instructions.ts'
import { configTemplate } from '../../src/init/config-template.ts'
import { initProject } from '../../src/init/init-project.ts'
import { tagOf } from '../../src/unique.ts'

const scope = perTest()
let place: { readonly project: string; readonly env: Record<string, string> }

beforeEach(async () => {
  const root = (await scope.use(temporaryFolder())).path
  place = { project: await gitRepository(join(root, 'project'), { 'README.md': '# x\n' }), env: { HOME: root } }
})

const file = (path: string): string => join(place.project, path)
const read = (path: string): string => readFileSync(file(path), 'utf8')
const results = async (): Promise<string[]> => (await initProject(place)).files.map(({ result }) => result)

describe('initProject()', () => {
  it('makes what is missing, and changes nothing the second time', async () => {
    expect((await initProject(place, { dryRun: true })).files.map(({ path }) => path)).toEqual([
      '.orch/config.json',
      '.gitignore',
      'AGENTS.md',
    ])
    expect(readdirSync(place.project).sort()).toEqual(['.git', 'README.md'])
    expect(await results()).toEqual(['created', 'created', 'created'])
    const before = ['.orch/config.json', '.gitignore', 'AGENTS.md'].map((path) => lstatSync(file(path)).ino)
    expect(await results()).toEqual(['unchanged', 'unchanged', 'unchanged'])
    expect(['.orch/config.json', '.gitignore', 'AGENTS.md'].map((path) => lstatSync(file(path)).ino)).toEqual(before)
    expect(await loadConfig(place.project, place.env)).toMatchObject({ defaultBackend: null, notify: null })
  })

  it('has git ignore where agents work, and nothing else', async () => {
    await initProject(place)
    mkdirSync(file('.orch/workspace/a'), { recursive: true })
    writeFileSync(file('.orch/workspace/a/WORKSPACE.md'), 'x')
    const shown = await git(place.project, 'status', '--porcelain', '--untracked-files=all')
    expect(String(shown).match(/\S+$/gm)).toEqual(['.gitignore', '.orch/config.json', 'AGENTS.md'])
  })

  it('keeps what a person wrote, byte for byte', async () => {
    const latin = Buffer.from([0xe9, 0x0a])
    writeFileSync(file('AGENTS.md'), '# Ours\n\nNo line end')
    writeFileSync(file('.gitignore'), latin)
    writeFileSync(file('CONFIG'), '{ "defaultBackend": "x" }')
    mkdirSync(file('.orch'))
    symlinkSync(file('CONFIG'), file('.orch/config.json'))
    expect(await results()).toEqual(['unchanged', 'added', 'added'])
    expect(read('AGENTS.md')).toBe(`# Ours\n\nNo line end\n\n${SECTION}\n`)
    expect(readFileSync(file('.gitignore')).subarray(0, 2)).toEqual(latin)
    expect(read('CONFIG')).toBe('{ "defaultBackend": "x" }')
    expect(await results()).toEqual(['unchanged', 'unchanged', 'unchanged'])
  })

  it('adds to what a link leads to', async () => {
    writeFileSync(file('CLAUDE.md'), '# Ours\n')
    symlinkSync('CLAUDE.md', file('AGENTS.md'))
    await initProject(place)
    expect(lstatSync(file('AGENTS.md')).isSymbolicLink()).toBe(true)
    expect(read('CLAUDE.md')).toBe(`# Ours\n\n${SECTION}\n`)
  })

  it('renews an older section of its own, in its place, and keeps one that was changed', async () => {
    const older = '<!-- orch:begin 05b5e4f18d73 (whatever) -->\nold\n<!-- orch:end -->'
    const tagged = older.replace('05b5e4f18d73', tagOf('old'))
    writeFileSync(file('AGENTS.md'), `before\n\n${tagged}\n\nafter\n`)
    expect((await results())[2]).toBe('renewed')
    expect(read('AGENTS.md')).toBe(`before\n\n${SECTION}\n\nafter\n`)
    writeFileSync(file('AGENTS.md'), read('AGENTS.md').replace('its reason', 'mine'))
    const changed = read('AGENTS.md')
    expect((await results())[2]).toBe('kept')
    expect(read('AGENTS.md')).toBe(changed)
  })

  it.each(['<!-- orch:begin', '<!-- orch:begin 05b5e4f18d73 -->\nold\n', SECTION.replace('<!-- orch:end -->', '')])(
    'takes a section with a mark that is broken for a change of somebody',
    (page) => {
      expect(findSection(page)).toEqual({ kind: 'changed' })
    },
  )

  it('does it once when two do it at once', async () => {
    await Promise.all([initProject(place), initProject(place), initProject(place)])
    expect(read('AGENTS.md').split('orch:begin')).toHaveLength(2)
    expect(read('.gitignore').split('workspace')).toHaveLength(2)
    expect(readdirSync(file('.orch'))).toEqual(['config.json'])
  })

  it('leaves .gitignore alone outside of git', async () => {
    const project = join(place.project, '..', 'plain')
    mkdirSync(project)
    expect((await initProject({ ...place, project })).files.map(({ path }) => path)).not.toContain('.gitignore')
    expect(existsSync(join(project, '.gitignore'))).toBe(false)
  })

  it('says what stands in the way', async () => {
    mkdirSync(file('AGENTS.md'))
    await expect(initProject(place)).rejects.toMatchObject({
      code: 'WORKSPACE_UNWRITABLE',
      message: expect.stringContaining(`"${file('AGENTS.md')}"`),
      outcome: 'partial',
    })
    await expect(initProject(place)).rejects.toMatchObject({ outcome: 'none' })
    const readOnly = join(place.project, '..', 'read-only')
    mkdirSync(readOnly)
    chmodSync(readOnly, 0o500)
    scope.defer(() => chmodSync(readOnly, 0o700))
    if (process.getuid?.() !== 0)
      await expect(initProject({ ...place, project: readOnly })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('configTemplate()', () => {
  it('is valid, and so is what stands in its comments', () => {
    expect(findConfigProblem(parseJsonc(configTemplate()))).toBeNull()
    const bare = configTemplate()
      .replace(/^ {2}\/\/ (?=[ "\]}])/gm, '  ')
      .replace(/^ {2}"defaultBackend.*\n/m, '')
    expect(Object.keys(parseJsonc(bare) as object).length).toBeGreaterThan(4)
    expect(findConfigProblem(parseJsonc(bare))).toBeNull()
  })
})
