import { OrchError } from '@orch/core'
import type { Options } from 'yargs'
import { COMMON_OPTIONS, usageError } from '../options.ts'
import type { TaskArgs } from './task.ts'

/** One task of a file, and what its line says of its options, as the command line would. */
export interface TaskLine {
  /** `line 3 of "tasks.txt"` */
  readonly place: string
  readonly task: string
  readonly args: Partial<TaskArgs>
}

/** Options of `spawn` that are about all tasks together. */
const OF_ALL: ReadonlySet<string> = new Set([
  ...Object.keys(COMMON_OPTIONS),
  'file',
  'each',
  'number',
  'wait',
  'timeout',
  'dry-run',
])

/**
 * Reads a file of tasks: each line is one, as it stands, or as a JSON object with `task` and options by the names that they have
 * on the command line. Blank lines, and those that begin with `#`, are none.
 * @param specs the options of `spawn`
 * @throws OrchError `USAGE`, naming the line
 */
export function readTaskLines(
  text: string,
  file: string,
  specs: Readonly<Record<string, Options>>,
): readonly TaskLine[] {
  const name = file === '-' ? 'stdin' : `"${file}"`
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
  return lines.flatMap((line, index): TaskLine[] => {
    if (line === '' || line.startsWith('#')) return []
    const place = `line ${index + 1} of ${name}`
    return [
      atPlace(place, () => ({
        place,
        ...(line.startsWith('{') ? readJsonLine(line, specs) : { task: line, args: {} }),
      })),
    ]
  })
}

/** Does something about one line; an error of the command line then says which line it was. */
export function atPlace<T>(place: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof OrchError)) throw error
    throw new OrchError(error.code, `${error.message} (${place})`, { hint: error.hint, cause: error })
  }
}

function readJsonLine(line: string, specs: Readonly<Record<string, Options>>): Omit<TaskLine, 'place'> {
  const { task, ...given } = parseObject(line)
  if (typeof task !== 'string' || task.trim() === '')
    throw usageError('Cannot read a task: its "task" is missing, empty or no text', 'Write {"task": "what to do"}')
  const args = Object.fromEntries(Object.entries(given).map(([key, value]) => readOption(key, value, specs)))
  return { task, args: args as Partial<TaskArgs> }
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value = JSON.parse(line) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {}
  throw usageError(
    'Cannot read a task: a line that begins with "{" must be a JSON object',
    'Write {"task": "what to do"}, or begin the line otherwise',
  )
}

function readOption(
  key: string,
  value: unknown,
  specs: Readonly<Record<string, Options>>,
): readonly [name: string, value: unknown] {
  const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const spec = Object.hasOwn(specs, name) && !OF_ALL.has(name) ? specs[name] : undefined
  if (spec === undefined) {
    const known = Object.keys(specs).filter((one) => !OF_ALL.has(one))
    throw usageError(
      `Cannot read a task: ${JSON.stringify(key)} is no option of one task`,
      `Use "task", ${known.join(', ')}`,
    )
  }
  const read = spec.array === true ? [value].flat() : value
  const type = spec.type ?? 'string'
  if ([read].flat().every((one) => typeof one === type && one !== '')) return [camelCase(name), read]
  const wanted = `${spec.array === true ? 'a list of ' : ''}${TYPES[type] ?? type}`
  throw usageError(`Cannot read a task: ${JSON.stringify(key)} is not ${wanted}`, `Write it as "--${name}" takes it`)
}

const TYPES: Readonly<Record<string, string>> = { string: 'text', number: 'a number', boolean: 'true or false' }

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
