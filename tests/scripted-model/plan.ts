import { type ChatRequest, isHousekeeping, positionOf, textsOf } from './conversation.ts'
import { phaseCommand } from './phase-command.ts'
import { parseScript, type Step } from './script.ts'

/** Scripts for prompts without markers, each by how the prompt begins. */
export type Plays = Readonly<Record<string, string>>

/**
 * What one response of the model does, in order: the steps of the newest user message that follow the tool calls already
 * done, up to and including the next tool call.
 */
export function planResponse(request: ChatRequest, plays: Plays = {}): Step[] {
  if (isHousekeeping(request)) return [{ kind: 'answer', text: 'Scripted title' }]
  const position = positionOf(request.messages)
  const play = Object.keys(plays).find((beginning) => position.prompt.startsWith(beginning))
  const script = readScript(play === undefined ? position.prompt : (plays[play] as string))
  const steps = responses(script)[position.toolCallsDone] ?? []
  if (steps.length > 0) return steps.map((step) => withReportCommand(step, request))
  const text =
    position.lastToolResult === undefined
      ? `Received: ${position.prompt.slice(0, 200)}`
      : `Tool result: ${position.lastToolResult.slice(0, 200)}`
  return [{ kind: 'answer', text }]
}

function readScript(prompt: string): Step[] {
  try {
    return parseScript(prompt)
  } catch (error) {
    return [{ kind: 'answer', text: (error as Error).message }]
  }
}

function responses(script: Step[]): Step[][] {
  const result: Step[][] = [[]]
  for (const step of script) {
    result.at(-1)?.push(step)
    if (step.kind === 'tool' || step.kind === 'phase') result.push([])
  }
  return result
}

function withReportCommand(step: Step, request: ChatRequest): Step {
  if (step.kind !== 'phase') return step
  const texts = textsOf(request.messages, 'system', 'developer', 'user', 'tool').reverse()
  const command = texts.map((text) => phaseCommand(text, step.phase, step.note)).find((found) => found !== undefined)
  if (command === undefined)
    return { kind: 'answer', text: 'Cannot report the phase: no report command in the context' }
  return { kind: 'tool', tool: 'shell', input: { command, description: 'Reports the phase' } }
}
