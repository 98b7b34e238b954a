import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { configFiles } from '../config/config.ts'
import type { SettingsPlace } from '../config/settings.ts'
import type { InitDocument, InitFile } from '../documents.ts'
import { fileError, OrchError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { withClaim } from '../registry/with-claim.ts'
import { appendRegularFile, readRegularFile } from '../regular-file.ts'
import { createFile, replaceFile } from '../replace-file.ts'
import { findSection, SECTION } from './agent-instructions.ts'
import { configTemplate } from './config-template.ts'

const IGNORED = ['/.orch/.gitignore', '/.orch/workspace/', '/.orch/worktrees/']
const IGNORED_HEAD = '# orch: where agents work'

/** For others to read as well: these files are the project's. */
const MODE = 0o644

/** What is done, in this order, and for which file. */
const PLANS = { '.orch/config.json': planConfig, '.gitignore': planIgnored, 'AGENTS.md': planInstructions }

/** What is to be done for one file, and how. */
interface Step {
  readonly file: InitFile
  readonly act?: () => void
}

/**
 * Makes a project ready: a commented configuration, lines for `.gitignore`, a section for agents in `AGENTS.md`. What is there stays
 * as it is: a file is made, or something is added at its end; only an own section that nobody changed is renewed. Done twice it
 * changes nothing; who is killed in between runs it again.
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`, `BUSY`
 */
export async function initProject(
  place: SettingsPlace,
  options: { readonly dryRun?: boolean | undefined } = {},
): Promise<InitDocument> {
  const { project, env } = place
  const dryRun = options.dryRun === true
  const files: InitFile[] = []
  const work = (): void => {
    for (const [path, plan] of Object.entries(PLANS)) {
      try {
        const step = plan(place)
        if (step === null) continue
        if (!dryRun) step.act?.()
        files.push(step.file)
      } catch (cause) {
        throw unready(join(project, path), cause, !dryRun && files.some(({ result }) => result !== 'unchanged'))
      }
    }
  }
  if (dryRun) work()
  else await withClaim(join(project, '.orch'), env, work)
  return { apiVersion: 1, warnings: [], dryRun, project, files }
}

/** Which file it is, and whether others before it are done: the next call leaves those as they are. */
function unready(file: string, cause: unknown, isPartial: boolean): OrchError {
  const { code, message, hint } = fileError(cause, `Cannot make "${file}" ready`, 'WORKSPACE_UNWRITABLE')
  return new OrchError(code, message, { hint, outcome: isPartial ? 'partial' : 'none', cause })
}

function planConfig({ project, env }: SettingsPlace): Step {
  const path = configFiles(project, env).project
  const file = (result: InitFile['result'], text: string): InitFile => ({ path: relative(project, path), result, text })
  if (existsSync(path)) return { file: file('unchanged', 'There is a configuration') }
  return {
    file: file('created', 'A configuration in which everything is a comment'),
    act: () => {
      makePrivateDirectory(dirname(path))
      createFile(path, configTemplate(), MODE)
    },
  }
}

function planIgnored({ project }: SettingsPlace): Step | null {
  if (!existsSync(join(project, '.git'))) return null
  const path = '.gitignore'
  const { before, append } = openPage(join(project, path))
  const lines = (before ?? '').split('\n').map((line) => line.trim())
  const missing = IGNORED.filter((line) => !lines.includes(line))
  if (missing.length === 0) return { file: { path, result: 'unchanged', text: 'Git ignores where agents work' } }
  return {
    file: { path, result: before === null ? 'created' : 'added', text: `Lines: ${missing.join(' ')}` },
    act: () => append([IGNORED_HEAD, ...missing].join('\n')),
  }
}

function planInstructions({ project }: SettingsPlace): Step {
  const path = 'AGENTS.md'
  const { before, append, file } = openPage(join(project, path))
  const found = findSection(before ?? '')
  const text = 'A section that tells agents how to use orch'
  if (found.kind === 'older') {
    const after = `${before?.slice(0, found.at)}${SECTION}${before?.slice(found.end)}`
    return { file: { path, result: 'renewed', text }, act: () => replaceFile(file, after, MODE) }
  }
  if (found.kind === 'none')
    return { file: { path, result: before === null ? 'created' : 'added', text }, act: () => append(SECTION) }
  if (found.kind === 'current') return { file: { path, result: 'unchanged', text: 'It tells agents of orch' } }
  return { file: { path, result: 'kept', text: 'Somebody changed what it says of orch; that stays as it is' } }
}

/** A text file of the project, which may be a link to another one; `before` is `null` when it is not there. */
function openPage(path: string): {
  readonly file: string
  readonly before: string | null
  append(block: string): void
} {
  const file = existsSync(path) ? realpathSync(path) : path
  const before = existsSync(path) ? readRegularFile(file) : null
  return {
    file,
    before,
    append: (block) => {
      if (before === null && createFile(file, `${block}\n`, MODE)) return
      const gap = before === null || before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
      appendRegularFile(file, `${gap}${block}\n`)
    },
  }
}
