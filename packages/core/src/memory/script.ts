/**
 * What a simulated agent does with a message, read from markers in its text; text around them is ignored.
 * Fields are separated by ` | `; the names are those of the scripted model where both have them.
 *
 * | marker | behaviour |
 * |---|---|
 * | `[[answer: text]]` | says the text |
 * | `[[think: text]]` | reasons |
 * | `[[tool: name \| input \| output]]` | calls a tool, which succeeds |
 * | `[[hang: text]]` | says the text and keeps the turn open until `MemoryServer.finish` |
 * | `[[question: text \| a \| b]]` | asks, and goes on with the answer |
 * | `[[permission: text]]` | asks for a permission: allow, always, deny |
 * | `[[error: text]]` | the turn ends in an error |
 * | `[[exit: code]]` | the process ends with this code |
 * | `[[stubborn]]` | the process ignores every signal that can be ignored |
 */
export type Step =
  | { readonly kind: 'answer' | 'think' | 'hang' | 'error'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly input: string; readonly output: string }
  | { readonly kind: 'question' | 'permission'; readonly text: string; readonly choices: readonly string[] }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'stubborn' }

const MARKER = /\[\[(answer|think|hang|error|tool|question|permission|exit|stubborn)(?::\s*(.*?))?\s*\]\]/gs

/** Reads the markers of a message, in order. `[]` when it holds none. */
export function parseScript(text: string): Step[] {
  return [...text.matchAll(MARKER)].map(([, kind = '', args = '']) => toStep(kind, args))
}

function toStep(kind: string, args: string): Step {
  const [first = '', ...rest] = args.split(' | ')
  switch (kind) {
    case 'tool':
      return { kind, name: first, input: rest[0] ?? '', output: rest[1] ?? '' }
    case 'question':
      return { kind, text: first, choices: rest }
    case 'permission':
      return { kind, text: first, choices: ['allow', 'always', 'deny'] }
    case 'stubborn':
      return { kind }
    case 'exit':
      return { kind, code: Number(first) }
    default:
      return { kind: kind as 'answer', text: args }
  }
}
