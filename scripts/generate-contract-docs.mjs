import { register } from 'tsx/esm/api'
import { code, publish, table } from './docs/page.mjs'

register()
const { BACKEND_CASES } = await import('../packages/core/src/contract/cases.ts')
const { REGISTRY_CASES } = await import('../packages/core/src/contract/registry/cases.ts')
const { PROGRAM_CASES } = await import('../packages/backend-tmux/src/contract/cases.ts')
const { SITUATIONS } = await import('../packages/core/src/contract/situations.ts')

const COMMAND = 'node scripts/generate-contract-docs.mjs'

const INTRODUCTION = `# The backend contract

What every backend promises, as cases that are run against it; the contracts of a [registry
store](#the-registry-contract) and of a [program in tmux](#the-program-contract) follow. This page is generated from the
cases (\`${COMMAND}\`); they are in \`packages/core/src/contract/cases/\`, \`packages/core/src/contract/registry/cases/\`
and \`packages/backend-tmux/src/contract/cases/\`.

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
really received, hands on the server (kill, freeze, thaw), what of its agents is left, and how a process of its own opens
the same backend. \`examples/backend-process/test/world.js\` is one to copy. \`missing\` says why this machine cannot run the backend:
its cases are then skipped with a line on stderr, or fail when \`ORCH_REQUIRE_BACKENDS\` names the backend.
`

const REGISTRY_INTRODUCTION = `# The registry contract

What every store of records promises (\`Registry\` of \`@orch/core\`), as cases that are run against it. The cases that
need a damage are run when the store lists it in \`damages\`; all others are run for every store. A known gap is listed
with its reason, and fails the suite as soon as it passes.

\`\`\`ts
import { describe, it } from '@jest/globals'
import { runRegistryContract } from '@orch/core/contract'
import { createWorld } from './support/registry-world.ts'

runRegistryContract({
  name: 'mine',
  runner: { describe, it },
  setup: createWorld,
  damages: [],
  knownGaps: {},
})
\`\`\`

\`setup\` returns a fresh \`RegistryWorld\` for each case: the client under test, a way to open further clients of the same
store, and hands on it (\`breakStore\` makes it unreadable, \`mendStore\` gives it back as it was). A store that keeps its
changes one by one lists in \`damages\` how a record can be spoiled, and does so in \`damage\`: \`torn\` is what a writer
leaves that is killed in the middle of a change, \`missing\` is a change in the middle that cannot be read any more,
\`ruined\` is a record of which nothing can be read.
`

const PROGRAM_INTRODUCTION = `# The program contract

What a program in tmux promises (\`Program\` of \`@orch/backend-tmux\`), as cases that are run against it: those that the
capabilities which it declares select, without those that send it messages when it ends with its turn (\`endsWithTurn\`).
\`runProgramContract\` of \`@orch/backend-tmux/contract\` runs them:

\`\`\`ts
import { describe, it } from '@jest/globals'
import { runProgramContract } from '@orch/backend-tmux/contract'
import { program } from '../program.js'
import { createWorld } from './support/program-world.ts'

runProgramContract({ program, runner: { describe, it }, setup: createWorld, knownGaps: {}, missing: () => null })
\`\`\`

\`setup\` returns a fresh \`ProgramWorld\` for each case: a tmux backend, complete requests that run the program, prompts that
make it answer, work, ask or fail, what it really received, the files of the user's own, its start-up screens as it drew them,
and hands on its window.
`

function groupOf(id) {
  return id.slice(0, id.indexOf('-'))
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

function casesTable(some) {
  const rows = some.map(({ id, requires, because }) => [code([id]), code(requires), because])
  return table(['case', 'needs', 'because'], rows)
}

function cases(all) {
  const groups = [...new Set(all.map(({ id }) => groupOf(id)))]
  const sections = groups.map((group) => {
    const members = all.filter(({ id }) => groupOf(id) === group)
    return `### ${group}\n\n${casesTable(members)}`
  })
  return [`## The ${all.length} cases`, ...sections].join('\n\n')
}

const backend = [INTRODUCTION, situations(), '', cases(BACKEND_CASES)].join('\n')
const registry = [REGISTRY_INTRODUCTION, cases(REGISTRY_CASES)].join('\n')
const program = [PROGRAM_INTRODUCTION, casesTable(PROGRAM_CASES)].join('\n')
publish('docs/contract.md', `${backend}\n\n${registry}\n\n${program}\n`, { source: 'cases', command: COMMAND })
