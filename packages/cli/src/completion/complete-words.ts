import { STATES } from '@orch/core'
import type { Options } from 'yargs'
import { BESIDE, COMMANDS } from '../commands.ts'
import type { Command } from '../define-command.ts'
import { COMMON_OPTIONS } from '../options.ts'
import { TOPICS } from '../topics.ts'
import { SCRIPTS } from './scripts.ts'

/** Something that can stand in the place of the word that is completed. */
export interface Candidate {
  readonly value: string
  readonly does: string
}

/** What may be completed: words, or whatever paths the shell knows. */
export type Completed = readonly Candidate[] | 'files' | 'directories'

/** What is looked up for it, and only if it is asked for. */
export interface Lookups {
  /** The open agents of the project, or of all. */
  agents(all: boolean): Promise<readonly Candidate[]>
  backends(): Promise<readonly Candidate[]>
  programs(): Promise<readonly Candidate[]>
  models(): Promise<readonly Candidate[]>
  skills(): Promise<readonly Candidate[]>
  /** The keys of the configuration. */
  keys(): Promise<readonly Candidate[]>
}

const FILES = ['file', 'context', 'attach', 'each', 'deliverable']
const PHASES = ['Planning', 'Implementing', 'Testing', 'Complete']

/**
 * What can stand in the place of the last of the words after `orch`, which may be empty or begun. What follows `--` and what
 * nobody knows has no candidates.
 */
export async function completeWords(words: readonly string[], lookups: Lookups): Promise<Completed> {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  if (before.includes('--')) return []
  const { verb, beside, positionals, pending, used } = await readBefore(before)
  const options = { ...(verb?.options ?? COMMON_OPTIONS) }
  const all = used.has('all-projects') || used.has('A')
  const inline = /^(--[a-z][a-z-]*=)(.*)$/s.exec(current)
  const named = pending ?? (inline === null ? null : findOption(options, inline[1]?.slice(0, -1) ?? ''))
  if (named !== null) {
    const [head, tail] = pending === null && inline !== null ? [inline[1] ?? '', inline[2] ?? ''] : ['', current]
    return within(await valuesOf(named, { all, lookups }), head, tail, options[named]?.array === true)
  }
  if (current.startsWith('-')) return begun(flagsOf(options, used), current)
  if (beside !== null) return begun(aboutCommands(beside, positionals.length), current)
  if (verb === null) return positionals.length === 0 ? begun(verbs(), current) : []
  const found = await positionalValues(verb, positionals, { all, lookups })
  return typeof found === 'string'
    ? found
    : begun(
        found.filter(({ value }) => !positionals.includes(value)),
        current,
      )
}

/** What the words before mean: the command, its words, an option that still needs its value, and the options there are. */
async function readBefore(words: readonly string[]): Promise<{
  readonly verb: Command | null
  readonly beside: Beside | null
  readonly positionals: readonly string[]
  readonly pending: string | null
  readonly used: ReadonlySet<string>
}> {
  let verb: Command | null = null
  let beside: Beside | null = null
  let pending: string | null = null
  const positionals: string[] = []
  const used = new Set<string>()
  for (const word of words) {
    if (pending !== null) pending = null
    else if (word.startsWith('-') && word !== '-') {
      const name = findOption(verb?.options ?? COMMON_OPTIONS, word.split('=', 1)[0] ?? '')
      if (name === null) continue
      used.add(name)
      if (takesValue((verb?.options ?? COMMON_OPTIONS)[name]) && !word.includes('=')) pending = name
    } else if (verb === null && beside === null) {
      beside = BESIDE.find((name) => name === word) ?? null
      verb = await commandOf(word)
      if (verb === null && beside === null) positionals.push(word)
    } else positionals.push(word)
  }
  return { verb, beside, positionals, pending, used }
}

type Beside = (typeof BESIDE)[number]

/** What follows a command that is about commands. */
function aboutCommands(verb: Beside, index: number): readonly Candidate[] {
  if (index > 0) return []
  if (verb === 'completion') return plain(Object.keys(SCRIPTS))
  return [...verbs(), ...TOPICS.map(({ name: value, summary: does }) => ({ value, does }))]
}

async function commandOf(name: string): Promise<Command | null> {
  return (await COMMANDS.find((entry) => entry.name === name)?.load())?.command ?? null
}

function findOption(options: Command['options'], word: string): string | null {
  const name = word.replace(/^--?/, '')
  if (Object.hasOwn(options, name) && word.startsWith('--')) return name
  const found = Object.entries(options).find(([, { alias }]) => [alias ?? []].flat().includes(name))
  return found?.[0] ?? null
}

function takesValue(option: Options | undefined): boolean {
  return option !== undefined && option.type !== 'boolean'
}

function flagsOf(options: Command['options'], used: ReadonlySet<string>): readonly Candidate[] {
  return Object.entries(options)
    .filter(([name, option]) => option.array === true || !used.has(name))
    .map(([name, { describe }]) => ({ value: `--${name}`, does: describe || '' }))
}

function verbs(): readonly Candidate[] {
  const listed = COMMANDS.map(({ name, summary }) => ({ value: name, does: summary }))
  const beside = BESIDE.map((value) => ({ value, does: value === 'help' ? 'Explain a command or a topic' : '' }))
  return [...listed, ...beside]
}

type Where = { readonly all: boolean; readonly lookups: Lookups }

async function valuesOf(name: string, { all, lookups }: Where): Promise<Completed> {
  if (FILES.includes(name)) return 'files'
  if (name === 'project') return 'directories'
  if (name === 'state' || name === 'until') return plain(STATES)
  if (name === 'backend') return lookups.backends()
  if (name === 'program') return lookups.programs()
  if (name === 'model') return lookups.models()
  if (name === 'skill') return lookups.skills()
  if (name === 'permission') return plain(['allow', 'ask', 'deny'])
  if (name === 'phase') return plain(PHASES)
  if (name === 'when') return plain(['idle'])
  return name === 'after' || name === 'parent' || name === 'id' ? lookups.agents(all) : []
}

async function positionalValues(verb: Command, before: readonly string[], where: Where): Promise<Completed> {
  const index = before.length
  const slots = verb.command.split(' ').slice(1)
  const slot = slots[Math.min(index, slots.length - 1)]
  if (slot === undefined || (index >= slots.length && !slot.includes('..'))) return []
  const name = slot.slice(1, -1).replace('..', '')
  const choices = verb.positionals[name]?.choices
  if (choices !== undefined) return plain(choices.map(String))
  if (name === 'agent') return [...(await where.lookups.agents(where.all)), { value: '@last', does: 'the newest' }]
  if (name === 'key' && before[0] !== 'list') return where.lookups.keys()
  if (name === 'value' && before[0] === 'set' && before[1] === 'defaultBackend') return where.lookups.backends()
  return name === 'phase' ? plain(PHASES) : []
}

/** Values behind `--option=`, and of a list behind its last comma. */
function within(found: Completed, head: string, tail: string, isList: boolean): Completed {
  if (typeof found === 'string') return found
  const comma = isList ? tail.lastIndexOf(',') + 1 : 0
  const given = tail.slice(0, comma).split(',')
  return begun(found, tail.slice(comma))
    .filter(({ value }) => !given.includes(value))
    .map(({ value, does }) => ({ value: `${head}${tail.slice(0, comma)}${value}`, does }))
}

function begun(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current))
}

function plain(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => ({ value, does: '' }))
}
