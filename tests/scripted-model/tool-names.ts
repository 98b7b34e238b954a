import type { Step } from './script.ts'

/** A call as the program that asked names it. */
export interface NamedCall {
  name: string
  input: Record<string, unknown>
}

type ToolStep = Extract<Step, { kind: 'tool' }>
type Namer = (input: Record<string, unknown>) => Record<string, unknown>

const same: Namer = (input) => input

/** What each program calls the tools of a role, and what they take; the first that is offered is called. */
const NAMES: Record<string, readonly (readonly [name: string, input: Namer])[]> = {
  shell: [
    ['bash', same],
    ['Bash', same],
    ['exec_command', ({ command }) => ({ cmd: command })],
    ['shell_command', ({ command }) => ({ command })],
    ['shell', ({ command }) => ({ command: ['bash', '-c', command] })],
  ],
  write: [
    ['write', same],
    ['Write', ({ filePath, content }) => ({ file_path: filePath, content })],
  ],
  edit: [
    ['edit', same],
    [
      'Edit',
      ({ filePath, oldString, newString }) => ({ file_path: filePath, old_string: oldString, new_string: newString }),
    ],
  ],
  question: [
    ['question', same],
    [
      'AskUserQuestion',
      ({ questions }) => ({
        questions: (questions as object[]).map((question) => ({ ...question, multiSelect: false })),
      }),
    ],
  ],
}

/** The call of a step among the tools that were offered; what is of no role, or not offered, is called by its own name. */
export function namedCall({ tool, input }: ToolStep, offered: readonly string[]): NamedCall {
  const names = NAMES[tool] ?? []
  const [name, inputOf] = names.find(([candidate]) => offered.includes(candidate)) ?? names[0] ?? [tool, same]
  return { name, input: inputOf(input) }
}
