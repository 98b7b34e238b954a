import { type Check, DeadlineError, isOrchError, type ProbeResult, withDeadline } from '@orch/core'
import { configuredPlace } from './client/place.ts'
import { findProgram, type Program } from './client/program.ts'
import { askVersion, type Server, type ServerLook } from './client/server.ts'
import type { Context } from './context.ts'
import { reasonOf } from './fields.ts'

/** The list of models is long and asked for on the way to every agent: it may take so long, in milliseconds. */
const MODELS_MS = 1_500

/** Where OpenCode listens unless told otherwise. */
const USUAL_URL = 'http://127.0.0.1:4096'

/** How long whatever is there may take to say who it is, in milliseconds. */
const USUAL_MS = 500

/** Asks the server for new agents who it is, and looks for the program that could start one. Starts nothing. */
export async function probe(context: Context, signal: AbortSignal): Promise<ProbeResult> {
  const { connector } = context
  const program = connector.isManaged ? programCheck(context) : null
  const startable = program?.program !== undefined
  const checks = program === null ? [] : [program.check]
  try {
    const look = await connector.look(connector.target, signal)
    if (look.state !== 'up') return away(look, startable, [...checks, ...(await usualServer(context, signal))])
    const { url, version, epoch } = look.server
    const server: Check = { name: 'OpenCode server', result: 'ok', text: `version ${version} answers at "${url}"` }
    const models = await modelsCheck(context, look.server, signal)
    return { ok: true, version, epoch, error: null, startable, checks: [...checks, server, models] }
  } catch (error) {
    const reason = reasonOf(error)
    const fix = isOrchError(error) ? /with: (.*)$/.exec(error.hint ?? '')?.[1] : undefined
    const server: Check = {
      name: 'OpenCode server',
      result: 'fail',
      text: reason.text,
      ...(fix !== undefined && { fix }),
    }
    return { ok: false, version: null, epoch: null, error: reason, startable, checks: [...checks, server] }
  }
}

function away(look: Exclude<ServerLook, { state: 'up' }>, startable: boolean, checks: readonly Check[]): ProbeResult {
  const text = look.state === 'over' ? 'The OpenCode server has ended' : 'No OpenCode server runs'
  const error = { code: look.state === 'over' ? 'SERVER_ENDED' : 'NO_SERVER', text }
  const result = startable ? 'ok' : 'warn'
  const next = startable ? '; orch starts one with the first agent' : ''
  const server: Check = { name: 'OpenCode server', result, text: `${text}${next}` }
  return { ok: false, version: null, epoch: null, error, startable, checks: [...checks, server] }
}

/** A server of the user's own, at the port that OpenCode takes first: named, because orch can use it as well. */
async function usualServer({ http, host }: Context, signal: AbortSignal): Promise<Check[]> {
  const name = 'OpenCode server of yours'
  const fix = `export OPENCODE_URL=${USUAL_URL}`
  try {
    const version = await withDeadline(USUAL_MS, signal, (limited) =>
      askVersion(http, configuredPlace(USUAL_URL, host.env.OPENCODE_SERVER_PASSWORD || null), limited),
    )
    return [{ name, result: 'ok', text: `version ${version} answers at "${USUAL_URL}": orch can use it`, fix }]
  } catch (error) {
    signal.throwIfAborted()
    if (!isOrchError(error) || error.code !== 'UNAUTHORIZED') return []
    return [
      {
        name,
        result: 'ok',
        text: `something that wants a password answers at "${USUAL_URL}"`,
        fix: `${fix} OPENCODE_SERVER_PASSWORD=…`,
      },
    ]
  }
}

function programCheck({ command, host }: Context): { readonly check: Check; readonly program?: Program } {
  const name = 'OpenCode program'
  try {
    const program = findProgram(command, host.env)
    return { check: { name, result: 'ok', text: `"${program.path}" (${program.source})` }, program }
  } catch (error) {
    const { text } = reasonOf(error)
    const fix = command === null ? { fix: 'npm install -g opencode-ai' } : {}
    return { check: { name, result: 'fail', text, ...fix } }
  }
}

/** Without a usable provider every turn fails: said before the first agent is spawned. */
async function modelsCheck(context: Context, server: Server, signal: AbortSignal): Promise<Check> {
  const name = 'OpenCode models'
  try {
    const models = await withDeadline(MODELS_MS, signal, (limited) => context.api(server, limited).models())
    const usable = [...models].filter(([, names]) => names.length > 0).map(([provider]) => provider)
    if (usable.length > 0) return { name, result: 'ok', text: `providers: ${usable.join(', ')}` }
    return { name, result: 'warn', text: 'no provider is connected', fix: 'opencode auth login' }
  } catch (error) {
    signal.throwIfAborted()
    const text = error instanceof DeadlineError ? 'the server was too slow to list them' : reasonOf(error).text
    return { name, result: 'warn', text }
  }
}
