import type { Agent, AgentRequest, Evidence, State } from '@orch/core'
import { oneLine, type Page, type Style, type Styled, styled } from '../page.ts'

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
  done: 'dim',
}

/** The state in its colour. */
export function stateOf(agent: Agent): Styled {
  return styled(STYLES[agent.state], agent.state)
}

/** One line: id, state, why. */
export function writeAgentLine(page: Page, agent: Agent): void {
  page.line(styled('bold', agent.id), '  ', stateOf(agent), '  ', oneLine(agent.reason.text))
}

/** An open request and the commands that answer it. */
export function writeRequest(page: Page, id: string, request: AgentRequest): void {
  const from = request.from === null ? '' : ` (from ${request.from})`
  page.line(styled('yellow', request.kind), `${from}  ${oneLine(request.text)}`)
  if (typeof request.detail === 'string') page.line(`  ${oneLine(request.detail)}`)
  for (const choice of request.choices) page.line(`  - ${oneLine(choice.label)}`)
  page.line(
    styled(
      'dim',
      request.answerable ? `  → ${answerCommand(id, request)}` : '  → this one cannot be answered from here',
    ),
  )
}

/** What was seen, one line each. */
export function writeEvidence(page: Page, evidence: readonly Evidence[]): void {
  for (const { source, detail, at } of evidence) page.line(styled('dim', `  ${source}: ${oneLine(detail)} (${at})`))
}

function answerCommand(id: string, request: AgentRequest): string {
  const how = request.kind === 'permission' ? '(--allow | --always | --deny)' : '"TEXT"'
  return `orch answer ${id} ${how} --request ${request.id}`
}
