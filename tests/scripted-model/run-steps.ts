import { setTimeout as delay } from 'node:timers/promises'
import type { CompletionWriter } from './completion-writer.ts'
import type { Gates } from './gates.ts'
import type { Step } from './script.ts'
import { namedCall } from './tool-names.ts'

/** What the steps of one response act on. */
export interface StepContext {
  writer: CompletionWriter
  gates: Gates
  /** Names of the tools that the client offered. */
  tools: string[]
  /** Aborted when the client has gone or the model closes. */
  signal: AbortSignal
}

/** Runs the steps of one response in order. Rejects with the signal's reason when it is aborted. */
export async function runSteps(steps: Step[], context: StepContext): Promise<void> {
  let hasText = false
  for (const step of steps) {
    context.signal.throwIfAborted()
    if (step.kind === 'answer' || step.kind === 'slow') {
      if (hasText) context.writer.text('\n')
      hasText = true
    }
    await runStep(step, context)
  }
}

async function runStep(step: Step, { writer, gates, tools, signal }: StepContext): Promise<void> {
  switch (step.kind) {
    case 'answer':
      for (const word of words(step.text)) writer.text(word)
      return
    case 'think':
      for (const word of words(step.text)) writer.reasoning(word)
      return
    case 'slow':
      for (let chunk = 1; chunk <= step.chunks; chunk += 1) {
        await delay(step.delayMs, undefined, { signal })
        writer.text(chunk === 1 ? `chunk ${chunk}` : ` chunk ${chunk}`)
      }
      return
    case 'stamps':
      for (let chunk = 1; chunk <= step.chunks; chunk += 1) {
        await delay(step.delayMs, undefined, { signal })
        writer.text(`@${process.hrtime.bigint()};`)
      }
      return
    case 'hold':
      return gates.pass(step.name, signal)
    case 'hang':
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    case 'tool': {
      const { name, input } = namedCall(step, tools)
      return writer.toolCall(name, input)
    }
    case 'finish':
      writer.finishReason(step.reason)
      return
    case 'usage':
      writer.usage(step.usage)
      return
    case 'phase':
    case 'refuse':
    case 'cut':
      throw new Error(`Cannot run step "${step.kind}": it is decided before the response starts`)
  }
}

function words(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]
}
