import type { LaunchSpec, Program } from './program.ts'

/** A program that shows nothing but its process and its output, as any does that is not known. */
function command(name: string, promptBy: LaunchSpec['promptBy']): Program {
  return { spec: { name, command: name, args: [], env: {}, promptBy }, hooks: null }
}

/** Gemini goes on after its task only when it is told to. */
export const gemini: Program = {
  ...command('gemini', 'argument'),
  promptArguments: (prompt) => ['--prompt-interactive', prompt],
}

/** Aider would end after a task that it was given as an argument. */
export const aider: Program = command('aider', 'send')
