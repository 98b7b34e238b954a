import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { register } from 'tsx/esm/api'

register()
const { BACKEND_CASES } = await import('../packages/core/src/contract/cases.ts')
const { SITUATIONS } = await import('../packages/core/src/contract/situations.ts')

const PAGE = join(import.meta.dirname, '../docs/contract.md')
const COMMAND = 'node scripts/generate-contract-docs.mjs'

const INTRODUCTION = `# The backend contract

What every backend promises, as cases that are run against it. This page is generated from the cases
(\`${COMMAND}\`); the cases are in \`packages/core/src/contract/cases/\`.

A case is run when the backend's own \`capabilitiesOf(null)\` has everything it needs; there is no way to skip one. A
known gap is listed with its reason, and fails the suite as soon as it passes. After each case every agent is stopped,
and nothing of them may be left.

## Running it

\`\`\`ts
import { describe, it } from '@jest/globals'
import { runBackendContract } from '@orch/core/contract'
import { mine } from '../src/index.ts'
import { createWorld } from './support/contract-world.ts'

runBackendContract({
  name: 'mine',
  runner: { describe, it },
  factory: mine(),
  setup: createWorld,
  knownGaps: {},
  missing: () => null,
})
\`\`\`

\`setup\` returns a fresh \`World\` for each case: the client under test, a way to open further clients of the same
server, complete requests for new agents, prompts that make the agent answer, work, ask, fail or exit, what its program
really received, and hands on the server (kill, freeze, thaw). \`missing\` says why this machine cannot run the backend:
its cases are then skipped with a line on stderr, or fail when \`ORCH_REQUIRE_BACKENDS\` names the backend.
`

function groupOf(id) {
  return id.slice(0, id.indexOf('-'))
}

function row(cells) {
  return `| ${cells.join(' | ')} |`
}

function table(head, rows) {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

function code(words) {
  return words.map((word) => `\`${word}\``).join(', ')
}

function situations() {
  const rows = Object.entries(SITUATIONS).map(([name, { requires, least }]) => [
    code([name]),
    code(requires),
    code(least),
  ])
  return [
    '## What must be known',
    '',
    'A world declares in `known` which fields of an observation its backend knows in each situation. The suite checks',
    'that they are known there, and that at least these are declared:',
    '',
    table(['situation', 'needs', 'at least'], rows),
  ].join('\n')
}

function cases() {
  const groups = [...new Set(BACKEND_CASES.map(({ id }) => groupOf(id)))]
  const sections = groups.map((group) => {
    const members = BACKEND_CASES.filter(({ id }) => groupOf(id) === group)
    const rows = members.map(({ id, requires, because }) => [code([id]), code(requires), because])
    return `### ${group}\n\n${table(['case', 'needs', 'because'], rows)}`
  })
  return [`## The ${BACKEND_CASES.length} cases`, ...sections].join('\n\n')
}

const page = `${[INTRODUCTION, situations(), '', cases()].join('\n')}\n`

if (!process.argv.includes('--check')) {
  mkdirSync(dirname(PAGE), { recursive: true })
  writeFileSync(PAGE, page)
} else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error(`docs/contract.md is not what the cases say: run ${COMMAND}`)
  process.exitCode = 1
}
