import type { Doc } from '@orch/core'
import { type Candidate, completeWords } from '../completion/complete-words.ts'
import { createLookups } from '../completion/lookups.ts'
import { SCRIPTS } from '../completion/scripts.ts'
import { type Command, defineCommand } from '../define-command.ts'
import type { Page } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

/** Result of `completion`: the script of a shell, or what can stand in the place of a word. */
interface CompletionDocument extends Doc {
  readonly script: string | null
  /** `files`, `directories`: whatever the shell finds. */
  readonly kind: 'words' | 'files' | 'directories' | null
  readonly words: readonly Candidate[]
}

/** `orch completion`: what a shell runs to learn it, and runs again for each word. */
export const command: Command<CompletionDocument> = defineCommand({
  command: 'completion <shell>',
  describe: 'Have a shell complete commands, options and agents',
  positionals: { shell: { choices: ['bash', 'zsh', 'fish'] as const, demandOption: true, describe: 'Which one' } },
  takesRest: true,
  examples: [
    ['eval "$(orch completion bash)"', 'in ~/.bashrc'],
    ['eval "$(orch completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['orch completion fish | source', 'in ~/.config/fish/config.fish'],
    ['orch completion bash -- status --st', 'what a shell asks: the words so far, the last of them begun'],
  ],
  run: async ({ shell, rest, project }, { env }) => {
    const none = { apiVersion: 1, warnings: [], script: null, kind: null, words: [] } as const
    if (rest.length === 0) return { ...none, script: SCRIPTS[shell] }
    const found = await completeWords(rest, createLookups(directoryIn(rest) ?? project, env))
    return typeof found === 'string' ? { ...none, kind: found } : { ...none, kind: 'words', words: found }
  },
  render,
})

/** The directory that the line itself names; the last word is still being typed. */
function directoryIn(words: readonly string[]): string | undefined {
  const done = words.slice(0, -1)
  const at = done.findIndex((word) => word === '-C' || word === '--project')
  return at < 0 ? undefined : done[at + 1]
}

function render({ script, kind, words }: CompletionDocument, page: Page): void {
  if (script !== null) page.text(script)
  else if (kind !== 'words') page.line(`:${kind}`)
  else for (const { value, does } of words) page.line(`${value}\t${does}`)
}

runAsScript(import.meta, command)
