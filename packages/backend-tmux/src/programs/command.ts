import type { ProgramSpec } from '@orch/core'
import type { Program } from './program.ts'

/** A program that shows nothing but its process and its output, as any does that is not known. */
function command(spec: Omit<ProgramSpec, 'env'>): Program {
  return { spec: { ...spec, env: {} }, hooks: null }
}

/** Gemini goes on after its task only when it is told to. */
export const gemini: Program = command({
  name: 'gemini',
  command: 'gemini',
  args: ['--prompt-interactive'],
  promptBy: 'argument',
})

/** Aider would end after a task that it was given as an argument. */
export const aider: Program = command({ name: 'aider', command: 'aider', args: [], promptBy: 'send' })
