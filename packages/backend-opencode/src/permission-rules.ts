import { basename, dirname } from 'node:path'
import { type CreateRequest, OrchError } from '@orch/core'
import type { AgentDefinition, PermissionRule as Rule } from './parse.ts'

type Request = Pick<CreateRequest, 'permission' | 'permissionRules' | 'workspace' | 'mode'>

/** Nobody may be there to answer: a question is not offered. */
const NO_QUESTIONS = rule('question', '*', 'deny')

/** Asks before it runs or changes anything. */
const ASKING: readonly Rule[] = [rule('bash', '*', 'ask'), rule('edit', '*', 'ask')]

/** With an optional argument left out, a request of these breaks the server's list of requests (OpenCode 1.18.33). */
const UNLISTABLE = new Set(['*', 'glob', 'grep', 'webfetch', 'websearch'])

/**
 * The rules of a new session; the last that matches counts. Whatever the mode, the agent may use its own workspace, which
 * may lie outside its directory: or its first report would wait for a permission. Of all rules a subagent gets those that deny
 * and those of folders, no others: what the agent is asked for is therefore denied first, which counts for subagents alone.
 * @throws OrchError `UNSUPPORTED` for a rule that asks for what the server cannot list
 */
export function permissionRules(request: Request, definitions: readonly AgentDefinition[]): Rule[] {
  const { workspace, permissionRules: own } = request
  const unlistable = own.find(({ permission, action }) => action === 'ask' && UNLISTABLE.has(permission))
  if (unlistable !== undefined) throw cannotAsk(unlistable.permission)
  const reach = rule('external_directory', `${workspace}/*`, 'allow')
  const given = [...rulesOfMode(request, definitions), ...own.map((each) => ({ ...each }))]
  if (given.length === 0) return [reach]
  const denied = given.filter(({ action }) => action === 'ask').map((each) => ({ ...each, action: 'deny' }))
  const page = rule('edit', `*${basename(dirname(workspace))}/${basename(workspace)}/*`, 'allow')
  return [...denied, ...given, reach, page]
}

function rulesOfMode({ permission, mode }: Request, definitions: readonly AgentDefinition[]): readonly Rule[] {
  if (permission === null) return []
  if (permission === 'ask') return ASKING
  const isOwn = ({ name, isPrimary }: AgentDefinition): boolean => (mode === null ? isPrimary : name === mode)
  const own = definitions.find(isOwn)?.rules ?? []
  const others = permission === 'deny' ? definitions.filter(({ isSubagent }) => isSubagent) : []
  const asked = others.flatMap(({ rules }) => effective(rules).filter(isAsked))
  const isDenied = (each: Rule): boolean => effective(own).some((one) => isAsked(one) && isSame(one, each))
  return [
    ...decided(
      own,
      permission,
      asked.filter((each) => !isDenied(each)),
    ),
    NO_QUESTIONS,
  ]
}

/**
 * The rules of an agent definition that ask, deciding instead, and what of its others must follow them so that each still
 * counts as it did. `before` are asked by its subagents alone: they come first, decided too.
 */
function decided(rules: readonly Rule[], action: 'allow' | 'deny', before: readonly Rule[]): Rule[] {
  const kept = [...before]
  for (const each of effective(rules)) if (isAsked(each) || kept.some((one) => overlap(one, each))) kept.push(each)
  return kept.map((each) => (isAsked(each) ? { ...each, action } : each))
}

/** Without those that a later one covers whole. */
function effective(rules: readonly Rule[]): Rule[] {
  return rules.filter((each, index) => !rules.slice(index + 1).some((later) => covers(later, each)))
}

function covers({ permission, pattern }: Rule, other: Rule): boolean {
  const isAbout = permission === '*' || permission === other.permission
  return isAbout && (pattern === '*' || pattern === other.pattern)
}

function overlap(one: Rule, other: Rule): boolean {
  return one.permission === other.permission || one.permission.includes('*') || other.permission.includes('*')
}

function isSame(one: Rule, other: Rule): boolean {
  return one.permission === other.permission && one.pattern === other.pattern
}

function isAsked({ action }: Rule): boolean {
  return action === 'ask'
}

function rule(permission: string, pattern: string, action: 'allow' | 'ask' | 'deny'): Rule {
  return { permission, pattern, action }
}

function cannotAsk(permission: string): OrchError {
  return new OrchError('UNSUPPORTED', `Cannot ask for "${permission}": OpenCode 1.18 cannot list such a request`, {
    hint: `Allow or deny it: "${permission}=deny"`,
  })
}
