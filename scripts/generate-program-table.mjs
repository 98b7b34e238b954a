import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'tsx/esm/api'
import { code, publish, table } from './docs/page.mjs'

register()
const { hooksOf, PROGRAMS } = await import('../packages/backend-tmux/src/programs/known.ts')

const COMMAND = 'node scripts/generate-program-table.mjs'
const COLUMNS = ['turns', 'answers', 'requests', 'interrupt', 'transcript', 'usage', 'resume']
const BEGIN = '<!-- programs -->'
const END = '<!-- /programs -->'

function rowOf(name, capabilities) {
  return [name, ...COLUMNS.map((column) => (capabilities.includes(column) ? 'yes' : '–'))]
}

const rows = PROGRAMS.map(({ name }) => rowOf(code([name]), hooksOf(name)?.capabilities ?? []))
const programs = table(['program', ...COLUMNS], [...rows, rowOf('any other', [])])

for (const path of ['README.md', 'packages/backend-tmux/README.md']) {
  const page = readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  const [before, rest] = page.split(BEGIN)
  const [, after] = (rest ?? '').split(END)
  if (after === undefined) throw new Error(`Cannot find "${BEGIN}" and "${END}" in ${path}`)
  publish(path, `${before}${BEGIN}\n${programs}\n${END}${after}`, { source: 'programs', command: COMMAND })
}
