import { OrchError } from '../errors.ts'
import { nearNames } from '../near-names.ts'

/** The text that a context is made from; `file` is `null` for the one that orch brings. */
export interface ContextTemplate {
  readonly file: string | null
  readonly text: string
}

/** The order of the parts where no template says another one. */
export const DEFAULT_TEMPLATE: ContextTemplate = {
  file: null,
  text: `{{task}}

---
You are the agent "{{id}}". The text above is your task.

- Project: {{project}}
- You work in: {{directory}}
- Your own folder: {{workspace}}
- Your own page: {{page}}

{{deliverables}}

{{verify}}

{{reporting}}

{{skill}}

{{context}}
`,
}

/** A context, and the parts that are not in it though there was something to say. */
export interface FilledTemplate {
  readonly text: string
  readonly leftOut: readonly string[]
}

const PLACEHOLDER = /(\\?)\{\{ *([A-Za-z][\w-]*) *\}\}/g
const ALONE = /^\{\{ *([A-Za-z][\w-]*) *\}\}$/

/**
 * Puts each part in the place of its `{{name}}`; `\{{name}}` stays as it is without the backslash. What a part holds is never
 * looked at again. A line that is nothing but an empty part goes, and the empty line after it. Pure.
 * @throws OrchError `CONFIG_INVALID` for a placeholder that there is no part for, and when `{{task}}` is missing
 */
export function fillTemplate(template: ContextTemplate, parts: Readonly<Record<string, string>>): FilledTemplate {
  const used = new Set<string>()
  const fill = (line: string, number: number): string =>
    line.replace(PLACEHOLDER, (whole, backslash: string, name: string) => {
      if (backslash !== '') return whole.slice(1)
      if (!Object.hasOwn(parts, name)) throw unknownPart(template, { name, number, known: Object.keys(parts) })
      used.add(name)
      return parts[name] as string
    })
  const lines: string[] = []
  let gone = false
  for (const [index, line] of template.text.replaceAll('\r\n', '\n').split('\n').entries()) {
    const filled = fill(line, index + 1)
    const hides = filled.trim() === '' && ALONE.test(line.trim())
    if (!hides && !(gone && line.trim() === '')) lines.push(filled)
    gone = hides
  }
  if (!used.has('task')) throw withoutTask(template)
  const leftOut = Object.entries(parts).filter(([name, part]) => part !== '' && !used.has(name) && !PLACES.has(name))
  return { text: `${lines.join('\n').trimEnd()}\n`, leftOut: leftOut.map(([name]) => name) }
}

/** Parts that a template may do without: the others say them as well, or the agent finds out by itself. */
const PLACES = new Set(['id', 'project', 'directory', 'workspace', 'page'])

function unknownPart(
  { file }: ContextTemplate,
  { name, number, known }: { readonly name: string; readonly number: number; readonly known: readonly string[] },
): OrchError {
  const [near] = nearNames(name, known)
  const use = near === undefined ? `Use one of ${known.join(', ')}` : `Write "{{${near}}}"`
  return new OrchError(
    'CONFIG_INVALID',
    `Cannot use the template "${file}": line ${number} has "{{${name}}}", which there is no part for`,
    { hint: `${use}, or "\\{{${name}}}" to keep it as it is` },
  )
}

function withoutTask({ file }: ContextTemplate): OrchError {
  return new OrchError('CONFIG_INVALID', `Cannot use the template "${file}": "{{task}}" is missing`, {
    hint: `Add a line "{{task}}" to "${file}"`,
  })
}
