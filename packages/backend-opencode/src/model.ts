import { OrchError } from '@orch/core'
import type { Api } from './client/api.ts'
import type { AgentDefinition } from './parse.ts'

/** A model as the server wants it. */
export interface ModelId {
  readonly providerID: string
  readonly modelID: string
}

/** Splits `provider/model`; the model's own name may hold slashes. */
export function parseModel(text: string): ModelId {
  const at = text.indexOf('/')
  return { providerID: text.slice(0, at), modelID: text.slice(at + 1) }
}

/**
 * The full name of a model that the server has: `provider/model`, or a model's own name where only one provider has it.
 * @throws OrchError `CREATE_FAILED` that names what there is.
 */
export async function resolveModel(api: Api, directory: string, wanted: string): Promise<string> {
  const models = await api.models(directory)
  const all = [...models].flatMap(([provider, names]) => names.map((name) => `${provider}/${name}`))
  if (all.includes(wanted)) return wanted
  const matching = all.filter((name) => name.endsWith(`/${wanted}`))
  if (matching.length === 1) return matching[0] as string
  const state = matching.length > 1 ? `several providers have it: ${list(matching)}` : 'the server does not have it'
  throw new OrchError('CREATE_FAILED', `Cannot use model "${wanted}": ${state}`, {
    hint: all.length === 0 ? 'Connect a provider with: opencode auth login' : `Choose one of ${list(all)}`,
  })
}

/** @throws OrchError `CREATE_FAILED` that names what there is, when the server has no such agent definition. */
export function checkMode(definitions: readonly AgentDefinition[], wanted: string): void {
  const names = definitions.filter(({ isPrimary }) => isPrimary).map(({ name }) => name)
  if (names.includes(wanted)) return
  throw new OrchError('CREATE_FAILED', `Cannot run as "${wanted}": the server has no such agent definition`, {
    hint: `Choose one of ${list(names)}`,
  })
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`)
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(', ')
}
