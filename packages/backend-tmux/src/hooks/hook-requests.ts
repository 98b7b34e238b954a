import { type AgentRequest, type Choice, type JsonObject, type JsonValue, sanitize } from '@orch/core'
import type { HookEvent } from './hook-event.ts'
import { asksInWindow, windowQuestions } from './window-question.ts'

/** The tools by which Claude Code and Codex ask their users. */
const QUESTION_TOOLS: readonly unknown[] = ['AskUserQuestion', 'request_user_input']

/** The tool by which Claude Code shows its plan. */
const PLAN_TOOL = 'ExitPlanMode'

/** What a plan lets go on with, without being asked for each of them. */
const EDITS: JsonObject = { type: 'setMode', mode: 'acceptEdits', destination: 'session' }

const IN_ITS_WINDOW = 'It asks in its window, where it must be answered'

interface Question {
  readonly question: string
  readonly options: readonly { readonly label: string }[]
  readonly multiSelect?: boolean
}

/** What a program asked, as core knows requests. */
export function toAgentRequest(event: HookEvent): AgentRequest {
  const questions = questionsIn(event)
  const isInWindow = asksInWindow(event)
  const isHere = isInWindow && windowQuestions(event) === null
  const isQuestion = questions.length > 0 || isInWindow
  const asked = questions.map(({ question }) => question).join('\n')
  return {
    id: event.id,
    kind: isQuestion ? 'question' : 'permission',
    text: sanitize(isQuestion ? asked || IN_ITS_WINDOW : permissionText(event)),
    detail: isQuestion ? questionDetail(questions, isHere) : permissionDetail(event),
    choices: isQuestion ? questionChoices(questions) : permissionChoices(event),
    since: new Date(event.at).toISOString(),
    from: event.subagent,
    answerable: !isHere,
  }
}

/** What the choices cannot say: those of several questions, and how more than one is chosen. */
function questionDetail(questions: readonly Question[], isHere: boolean): JsonObject | null {
  const several =
    questions.length > 1
      ? questions.map((one): [string, JsonValue] => [
          sanitize(one.question),
          one.options.map(({ label }) => sanitize(label)),
        ])
      : []
  const isMany = questions.some(({ multiSelect }) => multiSelect === true)
  const how = [
    ...(isHere ? [IN_ITS_WINDOW] : questions.length > 1 ? ['one line for each question'] : []),
    ...(isMany ? ['commas between choices where several may be chosen'] : []),
  ]
  return how.length === 0 ? null : { ...Object.fromEntries(several), answer: how.join(', ') }
}

/** A dialog of the program's own, of which it says no more than that it is open: a person must look at it. */
export function toDialogRequest({ text, at }: { readonly text: string; readonly at: number }): AgentRequest {
  return {
    id: `dialog-${at}`,
    kind: 'startup',
    text: sanitize(`Its program shows a dialog of its own (${text}): look at it in its window`),
    detail: null,
    choices: [],
    since: new Date(at).toISOString(),
    from: null,
    answerable: false,
  }
}

/**
 * What the program is told; `null` for a choice that the request does not have.
 * @param choice `allow`, `always`, `deny` or the label of an option; `null` for a free text
 */
export function decisionOn(event: HookEvent, choice: string | null, text: string | null): string | null {
  const questions = questionsIn(event)
  if (questions.length > 0) {
    const [only] = questions
    const said = choice === null ? text?.split('\n') : only?.options.some(({ label }) => label === choice) && [choice]
    if (!said) return null
    const answers = Object.fromEntries(
      questions.map(({ question }, index) => [question, said[index] ?? said.at(-1) ?? '']),
    )
    return decision({ behavior: 'allow', updatedInput: { ...inputOf(event), answers } })
  }
  if (choice === 'allow') return decision({ behavior: 'allow', ...seenInput(event) })
  if (choice === 'always')
    return decision({ behavior: 'allow', ...seenInput(event), updatedPermissions: suggestionsOf(event) })
  if (choice === 'deny' || text !== null)
    return decision({ behavior: 'deny', message: text ?? 'The user does not want this' })
  return null
}

/** A plan is for a person to see: Claude Code takes no hook's word for it, unless that hands its input back. */
function seenInput(event: HookEvent): JsonObject {
  return isPlan(event) ? { updatedInput: inputOf(event) } : {}
}

function isPlan({ fields }: HookEvent): boolean {
  return fields.tool_name === PLAN_TOOL
}

function decision(chosen: JsonObject): string {
  return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: chosen } })
}

function questionsIn({ fields }: HookEvent): readonly Question[] {
  if (!QUESTION_TOOLS.includes(fields.tool_name)) return []
  const { questions } = (fields.tool_input ?? {}) as { questions?: unknown }
  return Array.isArray(questions) ? (questions as Question[]) : []
}

/** Several questions in one request have no common choices: they are answered by text, one line each. */
function questionChoices(questions: readonly Question[]): Choice[] {
  const [only] = questions
  if (only === undefined || questions.length > 1) return []
  return only.options.map(({ label }) => ({ id: label, label: sanitize(label) }))
}

function permissionChoices(event: HookEvent): Choice[] {
  const suggestions = suggestionsOf(event)
  const always =
    suggestions.length === 0 ? [] : [{ id: 'always', label: `Allow, and from now on: ${named(suggestions)}` }]
  return [{ id: 'allow', label: 'Allow once' }, ...always, { id: 'deny', label: 'Deny' }]
}

/** Only what holds for this session: nothing is written into the user's own settings. */
function suggestionsOf(event: HookEvent): JsonObject[] {
  if (isPlan(event)) return [EDITS]
  const { fields } = event
  const all = Array.isArray(fields.permission_suggestions) ? (fields.permission_suggestions as JsonObject[]) : []
  return all.filter(({ type, destination }) => destination === 'session' && type !== 'setMode')
}

function named(suggestions: readonly JsonObject[]): string {
  const words = suggestions.map((suggestion) => {
    if (suggestion === EDITS) return 'all edits'
    const { type, directories, rules } = suggestion
    return `${String(type)} ${JSON.stringify(directories ?? rules)}`
  })
  return sanitize(words.join(', '))
}

function permissionText(event: HookEvent): string {
  const { command, file_path: path, url } = inputOf(event)
  const what = [command, path, url].find((value) => typeof value === 'string') ?? ''
  return [event.fields.tool_name, what].filter((part) => part !== '').join(': ')
}

function permissionDetail(event: HookEvent): JsonObject {
  const shown = Object.entries(inputOf(event)).flatMap(([name, value]): [string, JsonValue][] =>
    typeof value === 'string' ? [[name, sanitize(value)]] : [],
  )
  return { permission: String(event.fields.tool_name), ...Object.fromEntries(shown) }
}

function inputOf({ fields }: HookEvent): JsonObject {
  const { tool_input: input } = fields
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as JsonObject) : {}
}
