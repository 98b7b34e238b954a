import { register } from 'tsx/esm/api'
import { code, publish, table } from './docs/page.mjs'

register()
const { TURN_RULES } = await import('../packages/backend-opencode/src/turn-rules.ts')
const { WAIT_EXIT_CODES } = await import('../packages/cli/src/exit-codes.ts')
const { deriveState } = await import('../packages/core/src/state/derive-state.ts')
const { ENDINGS } = await import('../tests/stories/support/opencode-endings.ts')

const COMMAND = 'node scripts/generate-turn-docs.mjs'

const INTRODUCTION = `# How a turn ends on OpenCode

What orch says of the newest turn of an OpenCode session, and what it says so by. This page is generated (\`${COMMAND}\`) from
the rules in \`packages/backend-opencode/src/turn-rules.ts\` and from the endings in \`tests/stories/support/opencode-endings.ts\`.

## The rules

The first rule that matches decides. "The answer" is the newest message of the model to the newest message of its user, read
while the server lists no status for the session. A state is the one of an agent that asks nothing and has not reported
Complete. The last column is the exit code of \`orch wait --until idle\`; 124 is its time-out.
`

const ENDED = `## The endings

Each is brought about on the real server, with a scripted model, by \`tests/stories/opencode-turns.test.ts\`, which compares
what \`orch status --json\` and \`orch wait --until idle\` say.
`

/** What a rule that names its reason by what it sees is shown with. */
const SAMPLE = {
  status: { type: 'retry', attempt: 1, message: '' },
  answer: { error: { name: 'APIError', text: '' } },
}

function seen(value) {
  return { known: true, value, evidence: { source: 'api', detail: '', at: '' } }
}

function stateOf({ turn, reason: given }) {
  const reason = typeof given === 'function' ? given(SAMPLE) : given
  const value =
    turn === 'none'
      ? { status: 'none' }
      : turn === 'running'
        ? { status: 'running', since: null, reason }
        : { status: 'ended', how: turn, at: null, reason }
  const hidden = { known: false, reason: { code: 'NOT_SHOWN', text: '' } }
  const observation = { existence: seen('present'), process: hidden, requests: seen([]), turn: seen(value) }
  const record = { lifecycle: 'active', exit: null, spawnedAt: null }
  return deriveState(record, observation, { phase: null, requests: [], evidence: [], unreadable: null })
}

function exitOf(state) {
  return state === 'idle' ? WAIT_EXIT_CODES.met : (WAIT_EXIT_CODES[state] ?? WAIT_EXIT_CODES.timeout)
}

const rules = TURN_RULES.map((rule) => {
  const { state, reason } = stateOf(rule)
  return [rule.name, rule.when, code([state]), code([reason.code]), String(exitOf(state))]
})

const endings = ENDINGS.map(({ name, state, code: reason, evidence, exit }) => [
  name,
  code([state]),
  code([reason]),
  `${evidence.source}: … ${evidence.detail}`,
  String(exit),
])

const page = [
  INTRODUCTION,
  table(['turn', 'what the server shows', 'state', 'reason', 'exit'], rules),
  '',
  ENDED,
  table(['what happens', 'state', 'reason', 'evidence', 'exit'], endings),
  '',
].join('\n')

publish('docs/opencode-turns.md', page, { source: 'rules and endings', command: COMMAND })
