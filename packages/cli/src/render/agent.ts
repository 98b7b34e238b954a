import type { Agent, AgentRequest, Evidence, Finding, State } from '@orch/core'
import { ago } from '../age.ts'
import { counted, oneLine, type Page, type Style, type Styled, styled } from '../page.ts'

const STYLES: Readonly<Record<State, Style>> = {
  waiting: 'yellow',
  failed: 'red',
  lost: 'red',
  unknown: 'yellow',
  idle: 'cyan',
  exited: 'dim',
  working: 'green',
  running: 'green',
  starting: 'green',
  queued: 'dim',
  done: 'dim',
}

/** More lines of a difference fill the screen. */
const DETAIL_LINES = 40

/** The state in its colour. */
export function stateOf(agent: Pick<Agent, 'state'>): Styled {
  return styled(STYLES[agent.state], agent.state)
}

/** One line: id, state, why. */
export function writeAgentLine(page: Page, agent: Agent): void {
  page.line(styled('bold', agent.id), '  ', stateOf(agent), '  ', oneLine(agent.reason.text))
}

/** An open request and the commands that answer it. */
export function writeRequest(page: Page, id: string, request: AgentRequest): void {
  const from = request.from === null ? '' : ` (from ${request.from})`
  const since = request.since === null ? '' : `  asked ${ago(request.since, page.now)}`
  page.line(styled('yellow', request.kind), `${from}  ${oneLine(request.text)}`, styled('dim', since))
  writeDetail(page, request)
  for (const choice of request.choices) page.line(`  - ${oneLine(choice.label)}`)
  page.line(
    styled(
      'dim',
      request.answerable ? `  → ${answerCommand(id, request)}` : '  → this one cannot be answered from here',
    ),
  )
}

/** What is asked, as far as the text does not say it: a path, an address, a difference. */
function writeDetail(page: Page, { detail, text }: AgentRequest): void {
  if (typeof detail === 'string') page.line(`  ${oneLine(detail)}`)
  if (detail === null || typeof detail === 'string') return
  for (const [name, value] of Object.entries(detail)) {
    const said = Array.isArray(value) ? value.join(', ') : value
    if (typeof said !== 'string' || said === '' || text.includes(said)) continue
    const lines = said.trimEnd().split('\n')
    if (lines.length === 1) page.line(styled('dim', `  ${name.padEnd(11)}`), oneLine(said))
    else writeLines(page, lines)
  }
}

function writeLines(page: Page, lines: readonly string[]): void {
  for (const line of lines.slice(0, DETAIL_LINES)) page.line(`    ${line}`)
  const left = lines.length - DETAIL_LINES
  if (left > 0) page.line(styled('dim', `    … ${counted(left, 'more line')}; --json shows all`))
}

/** What was seen, one line each. */
export function writeEvidence(page: Page, evidence: readonly Evidence[]): void {
  for (const { source, detail, at } of evidence) page.line(styled('dim', `  ${source}: ${oneLine(detail)} (${at})`))
}

/** Everything that was looked at, one line each: what decided stands out, the rest says why it did not. */
export function writeChain(page: Page, chain: readonly Finding[]): void {
  for (const { source, detail, at, reason } of chain) {
    const seen = `${source}: ${oneLine(detail)} (${at})`
    if (reason === null) page.line(styled('green', '  decided  '), seen)
    else page.line(styled('dim', `           ${seen}: ${oneLine(reason.text)}`))
  }
}

function answerCommand(id: string, { kind, choices, id: request }: AgentRequest): string {
  const how: Partial<Record<AgentRequest['kind'], string>> = {
    permission: '(--allow | --always | --deny)',
    startup: `(${choices.map((choice) => choice.id).join(' | ')})`,
  }
  return `orch answer ${id} ${how[kind] ?? '"TEXT"'} --request ${request}`
}
