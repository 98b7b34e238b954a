import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { readReport } from '../../src/workspace/read-report.ts'
import { parseReport } from '../../src/workspace/report.ts'
import {
  createWorkspace,
  prepareWorkspaces,
  readContext,
  readPage,
  removeWorkspace,
  workspacePath,
  writePhase,
} from '../../src/workspace/workspace.ts'

const ID = 'fix-login-7k3q'
const scope = perTest()
let project: string
let workspace: string

beforeEach(async () => {
  project = (await scope.use(temporaryFolder())).path
  workspace = workspacePath(project, ID)
})

describe('workspacePath()', () => {
  it('is in the main checkout', () => {
    expect(workspace).toBe(join(project, '.orch', 'workspace', ID))
  })

  it.each(['../up', '/etc', '..', '.', '', 'a/b', 'a\0b', 'UPPER', '-a', 'a-', 'a'.repeat(65)])(
    'never makes a path of %j',
    (id) => {
      expect(() => workspacePath(project, id)).toThrow(RangeError)
    },
  )
})

describe('prepareWorkspaces()', () => {
  it('makes private folders that git ignores', () => {
    prepareWorkspaces(project)
    prepareWorkspaces(project)
    const modes = ['.orch', '.orch/workspace'].map((folder) => statSync(join(project, folder)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700])
    const ignored = readFileSync(join(project, '.orch', '.gitignore'), 'utf8').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['/workspace/', '/.gitignore']))
  })

  it("leaves the project's own .orch/.gitignore as it is", () => {
    mkdirSync(join(project, '.orch'))
    writeFileSync(join(project, '.orch', '.gitignore'), 'mine\n')
    prepareWorkspaces(project)
    expect(readFileSync(join(project, '.orch', '.gitignore'), 'utf8')).toBe('mine\n')
  })

  it.each(['.orch', '.orch/workspace'])('refuses a file where %s should be', (path) => {
    mkdirSync(join(project, path, '..'), { recursive: true })
    writeFileSync(join(project, path), 'a file')
    expect(() => prepareWorkspaces(project)).toThrow(
      expect.objectContaining({ code: 'WORKSPACE_UNWRITABLE', hint: expect.any(String) }),
    )
    expect(readFileSync(join(project, path), 'utf8')).toBe('a file')
  })
})

describe('createWorkspace()', () => {
  it('writes the context and a page without a phase, for their owner only', () => {
    createWorkspace(workspace, 'the task')
    expect(readContext(workspace)).toBe('the task')
    expect(parseReport(readPage(workspace) as string, '', []).phase).toBeNull()
    expect(statSync(workspace).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(workspace)) expect(statSync(join(workspace, file)).mode & 0o777).toBe(0o600)
  })

  it('keeps what is there already', () => {
    createWorkspace(workspace, 'the task')
    writePhase(workspace, ID, 'Testing', null)
    createWorkspace(workspace, 'another task')
    expect(readContext(workspace)).toBe('the task')
    expect(readPage(workspace)).toContain('Phase: Testing')
  })

  it('is taken back whole', () => {
    createWorkspace(workspace, 'the task')
    removeWorkspace(workspace)
    expect(readdirSync(join(project, '.orch', 'workspace'))).toEqual([])
    expect(readContext(workspace)).toBeNull()
  })
})

describe('writePhase()', () => {
  const roundtrip = (page: string, name: string, note: string | null): unknown => {
    createWorkspace(workspace, 'the task')
    writeFileSync(join(workspace, 'WORKSPACE.md'), page)
    const written = writePhase(workspace, ID, name, note)
    const { phase } = parseReport(readPage(workspace) as string, written.at as string, [])
    expect(phase).toEqual(written)
    return readPage(workspace)
  }

  it.each([
    ['an empty page', ''],
    ['a page with text', '# Title\n\nPhase: Planning\nmore\n'],
    ['a page without a newline at its end', '# Title\nPhase: Planning'],
    ['a page with a placeholder', 'Phase: [Planning | Complete]\n'],
    ['front matter with a phase', '---\ntitle: x\nphase: Planning\n---\n# Title\nphase: text\n'],
    ['front matter with a placeholder', '---\nphase: [phase]\n---\n'],
    ['front matter without a phase', '---\ntitle: x\n---\n# Title\n'],
    ['front matter with CRLF', '---\r\ntitle: x\r\nphase: Planning\r\n---\r\nmore\r\n'],
    ['front matter that was never closed', '---\nphase: Planning\n'],
    ['front matter with a quoted phase', '---\nphase: "Planning"\n---\n'],
  ])('reads back on %s', (_, page) => {
    roundtrip(page, 'Testing', null)
    roundtrip(page, 'Complete', 'all done')
    roundtrip(page, '"Quoted"', null)
    roundtrip(page, 'Testing', "$& $1 $' costs")
  })

  it('keeps the rest of the page', () => {
    expect(roundtrip('---\nphase: Planning\n---\n# Title\nphase: text\n', 'Testing', null)).toBe(
      '---\nphase: Testing\n---\n# Title\nphase: text\n',
    )
    expect(roundtrip('# Title\nlast', 'Testing', null)).toBe('# Title\nlast\nPhase: Testing\n')
  })

  it.each([
    ['a name with " - "', 'a - b', null],
    ['a placeholder', '[phase]', null],
    ['a choice', 'a | b', null],
    ['an empty name', '', null],
    ['two lines', 'a\nPhase: Complete', null],
    ['a note of two lines', 'a', 'b\nPhase: Complete'],
    ['a carriage return', 'a\rb', null],
    ['spaces around it', ' a ', null],
  ])('refuses %s and writes nothing', (_, name, note) => {
    createWorkspace(workspace, 'the task')
    const before = readPage(workspace)
    expect(() => writePhase(workspace, ID, name, note)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(readPage(workspace)).toBe(before)
  })

  it('says that there is no such agent when there is no workspace', () => {
    expect(() => writePhase(workspace, ID, 'Testing', null)).toThrow(
      expect.objectContaining({ code: 'AGENT_NOT_FOUND' }),
    )
  })

  it('says that the page cannot be written', () => {
    createWorkspace(workspace, 'the task')
    removeWorkspace(join(workspace, 'WORKSPACE.md'))
    mkdirSync(join(workspace, 'WORKSPACE.md'))
    expect(() => writePhase(workspace, ID, 'Testing', null)).toThrow(
      expect.objectContaining({ code: 'WORKSPACE_UNWRITABLE' }),
    )
  })
})

describe('a page that is no regular file', () => {
  beforeEach(() => {
    createWorkspace(workspace, 'The task')
    rmSync(join(workspace, 'WORKSPACE.md'))
  })

  it('is not written through when it is a symbolic link', async () => {
    const elsewhere = join(project, 'elsewhere')
    writeFileSync(elsewhere, 'kept\n')
    symlinkSync(elsewhere, join(workspace, 'WORKSPACE.md'))
    expect(() => writePhase(workspace, ID, 'Testing', null)).toThrow(/ELOOP/)
    expect(readFileSync(elsewhere, 'utf8')).toBe('kept\n')
    expect((await readReport(workspace, [])).unreadable).toMatchObject({ code: 'WORKSPACE_UNREADABLE' })
  })

  it('is not waited for when it is a pipe', async () => {
    execFileSync('mkfifo', [join(workspace, 'WORKSPACE.md')])
    expect((await readReport(workspace, [])).unreadable?.text).toContain('ENOTREG')
    expect(() => writePhase(workspace, ID, 'Testing', null)).toThrow(/ENOTREG|ENXIO/)
    expect(readPage(workspace)).toBeNull()
  })

  it('makes writePhase() refuse what is too long before it looks', () => {
    expect(() => writePhase(workspace, ID, 'x'.repeat(81), null)).toThrow(/too long/)
    expect(() => writePhase(workspace, ID, 'Testing', 'x'.repeat(2001))).toThrow(/too long/)
    expect(writePhase(workspace, ID, 'x'.repeat(80), 'y'.repeat(2000)).name).toHaveLength(80)
  })
})
