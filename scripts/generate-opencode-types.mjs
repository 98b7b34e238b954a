import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { register } from 'tsx/esm/api'
import { differences } from './opencode-types/differences.mjs'
import { render } from './opencode-types/render.mjs'
import { select } from './opencode-types/select.mjs'
import { EVENTS, OPERATIONS } from './opencode-types/selection.mjs'

/**
 * Writes the types of `OpenCodeClient` from the document of the real server, and the part of that document they come from.
 * `--check` only compares, and a difference is an error; `--diff` says in words what the server has changed since.
 * `--command PATH` asks another OpenCode than the npm package `opencode-ai` of this repository.
 */
register()
const { readDocument } = await import('./opencode-types/read-document.mjs')

const root = join(import.meta.dirname, '..')
const TYPES = join(root, 'packages/backend-opencode/src/open-code-client/types.generated.ts')
const BASE = join(import.meta.dirname, 'opencode-types/document.json')

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, diff: { type: 'boolean' }, command: { type: 'string' } },
})
const { version, document } = await readDocument(values.command)
const selection = select(document)

if (values.diff) tellDifferences()
else if (values.check) check()
else write()

function tellDifferences() {
  const base = JSON.parse(readFileSync(BASE, 'utf8'))
  const lines = differences(base, selection)
  console.log(`OpenCode ${base.version} → ${version}: ${lines.length === 0 ? 'nothing' : lines.length} changed`)
  for (const line of lines) console.log(line)
}

function check() {
  if (readFileSync(TYPES, 'utf8') === render(selection, version) && readFileSync(BASE, 'utf8') === baseText()) return
  console.error('The types are not what the server says: run node scripts/generate-opencode-types.mjs --diff')
  process.exitCode = 1
}

function write() {
  const { operations, schemas } = selection
  const missing = [...OPERATIONS.filter((id) => !operations[id]), ...EVENTS.filter((name) => !schemas[name])]
  if (missing.length > 0) throw new Error(`Cannot generate types: the document lacks ${missing.join(', ')}`)
  writeFileSync(TYPES, render(selection, version))
  writeFileSync(BASE, baseText())
}

/** One line for each operation and each schema, so that a change shows as such. */
function baseText() {
  const lines = (record) =>
    Object.entries(record).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return `{
"version": ${JSON.stringify(version)},
"events": ${JSON.stringify(selection.events)},
"operations": {
${lines(selection.operations).join(',\n')}
},
"schemas": {
${lines(selection.schemas).join(',\n')}
}
}
`
}
