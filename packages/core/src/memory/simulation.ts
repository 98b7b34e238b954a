import { randomUUID } from 'node:crypto'
import type { Exit, FinalAnswer, Item, Usage } from '../agent.ts'
import type { Reply, Turn } from '../backend.ts'
import { parseScript, type Step } from './script.ts'
import type { AgentState, StoredMessage, TurnStart } from './state.ts'

type TurnEnd = Extract<Turn, { readonly status: 'ended' }>

const NO_ITEM = { role: null, text: null, tool: null, truncated: false, final: true, from: null }

/** Nothing used yet. */
export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
}

/** The program gets a message: it starts a turn, or the message waits behind the open one. */
export function receive(agent: AgentState, message: StoredMessage): void {
  agent.received.push(message)
  if (agent.turn.status === 'running') agent.queue.push(message)
  else startTurn(agent, message)
}

/** Goes on with an open turn after `[[hang]]`. */
export function finish(agent: AgentState): void {
  const open = agent.items.at(-1)
  if (open && !open.final) replaceItem(agent, { ...open, text: `${open.text} and done`, final: true })
  run(agent)
}

/** Takes the reply to an open request; the turn goes on unless it was denied. */
export function takeReply(agent: AgentState, reply: Reply): void {
  agent.requests = agent.requests.filter((request) => request.id !== reply.requestId)
  agent.answered.push(reply.requestId)
  if (reply.choice === 'deny') {
    endTurn(agent, 'completed')
    return
  }
  addItem(agent, { kind: 'message', role: 'user', text: reply.text ?? reply.choice })
  run(agent)
}

/** Ends the open turn and keeps the agent. */
export function interruptTurn(agent: AgentState): void {
  agent.requests = []
  endTurn(agent, 'interrupted')
}

/** Ends the program. */
export function endProcess(agent: AgentState, exit: Exit): void {
  const open = agent.turn.status === 'running'
  agent.exit = exit
  agent.requests = []
  agent.queue = []
  agent.steps = []
  closeItems(agent)
  if (open) setTurnEnd(agent, 'interrupted', null)
  agent.lastActivityAt = now()
}

function startTurn(agent: AgentState, message: StoredMessage): void {
  agent.turn = { status: 'running', since: now(), reason: null }
  agent.start = { messageId: message.id, items: agent.items.length }
  addItem(agent, { kind: 'message', role: 'user', text: message.text })
  agent.turnUsages.push({ messageId: message.id, startedAt: now(), endedAt: null, usage: NO_USAGE })
  use(agent, 'inputTokens', words(message.text))
  const steps = parseScript(message.text)
  const reply = `Received: ${message.text.slice(0, 200)}`
  agent.steps = steps.length > 0 ? steps : [{ kind: 'answer', text: reply }]
  run(agent)
}

function run(agent: AgentState): void {
  for (let step = agent.steps.shift(); step; step = agent.steps.shift()) {
    if (takeStep(agent, step) === 'stops') return
  }
  endTurn(agent, 'completed')
}

function takeStep(agent: AgentState, step: Step): 'stops' | 'goes on' {
  if (step.kind === 'exit') {
    endProcess(agent, { code: step.code, signal: null })
    return 'stops'
  }
  if (step.kind === 'stubborn') {
    agent.stubborn = true
    return 'goes on'
  }
  if (step.kind === 'error') {
    endTurn(agent, 'error', step.text)
    return 'stops'
  }
  if (step.kind === 'tool') {
    const { name, input, output } = step
    const tool = { name, input, output, status: 'completed', durationMs: 0 } as const
    addItem(agent, { kind: 'tool', role: 'assistant', tool })
  } else if (step.kind === 'question' || step.kind === 'permission') {
    if (agent.permission === 'allow' || agent.permission === 'deny') return 'goes on'
    openRequest(agent, step)
    return 'stops'
  } else if (step.kind === 'think') {
    addItem(agent, { kind: 'reasoning', role: 'assistant', text: step.text })
  } else if (step.kind === 'answer') {
    addItem(agent, { kind: 'message', role: 'assistant', text: step.text })
  } else {
    addItem(agent, { kind: 'message', role: 'assistant', text: step.text, final: false })
    return 'stops'
  }
  return 'goes on'
}

function openRequest(agent: AgentState, step: Extract<Step, { readonly choices: readonly string[] }>): void {
  agent.requests.push({
    id: randomUUID(),
    kind: step.kind,
    text: step.text,
    detail: null,
    choices: step.choices.map((label) => ({ id: label, label })),
    since: now(),
    from: null,
    answerable: true,
  })
  agent.lastActivityAt = now()
}

function endTurn(agent: AgentState, how: 'completed' | 'error' | 'interrupted', why?: string): void {
  const reason = why === undefined ? null : { code: 'TURN_ERROR', text: why }
  setTurnEnd(agent, how, reason)
  agent.steps = []
  closeItems(agent)
  if (how === 'completed' && agent.start !== null) agent.answers[agent.start.messageId] = answerOf(agent, agent.start)
  agent.lastActivityAt = now()
  const next = agent.queue.shift()
  if (next) startTurn(agent, next)
}

function answerOf({ items, turnUsages }: AgentState, start: TurnStart): FinalAnswer {
  const said = items.slice(start.items).findLast(({ kind, role }) => kind === 'message' && role === 'assistant')
  return { text: said?.text ?? '', usage: turnUsages.at(-1)?.usage ?? null }
}

function setTurnEnd(agent: AgentState, how: TurnEnd['how'], reason: TurnEnd['reason']): void {
  const at = now()
  agent.turn = { status: 'ended', how, at, reason }
  const turn = agent.turnUsages.pop()
  if (turn !== undefined) agent.turnUsages.push({ ...turn, endedAt: at })
}

function closeItems(agent: AgentState): void {
  agent.items = agent.items.map((item) => (item.final ? item : { ...item, final: true }))
}

function addItem(agent: AgentState, item: Pick<Item, 'kind' | 'role'> & Partial<Item>): void {
  agent.items.push({ ...NO_ITEM, id: `${agent.items.length + 1}`, at: now(), ...item })
  if (item.role === 'assistant') use(agent, 'outputTokens', words(item.text ?? ''))
  agent.lastActivityAt = now()
}

/** Counts words for tokens, of the agent and of its newest turn. */
function use(agent: AgentState, name: 'inputTokens' | 'outputTokens', count: number): void {
  const plus = (usage: Usage): Usage => ({ ...usage, [name]: (usage[name] ?? 0) + count })
  agent.usage = plus(agent.usage)
  const turn = agent.turnUsages.pop()
  if (turn !== undefined) agent.turnUsages.push({ ...turn, usage: plus(turn.usage) })
}

function replaceItem(agent: AgentState, item: Item): void {
  agent.items = agent.items.map((old) => (old.id === item.id ? item : old))
}

function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length
}

function now(): string {
  return new Date().toISOString()
}
