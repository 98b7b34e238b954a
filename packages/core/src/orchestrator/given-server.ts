import type { Config } from '../config/config.ts'
import { OrchError } from '../errors.ts'
import type { OrchOptions } from './options.ts'

/**
 * The configuration with the server that the caller gave, and the backend for new agents, `null` when that is yet to be
 * chosen. A server without a backend is for the first known one that takes it.
 * @throws OrchError `USAGE` for a known backend that takes no server, or when none does
 */
export function withServer(
  config: Config,
  { server, backend, knownBackends = [] }: OrchOptions,
): { readonly config: Config; readonly backendName: string | null } {
  if (server === undefined) return { config, backendName: backend ?? null }
  const name = backend ?? knownBackends.find(({ takesServer }) => takesServer)?.name
  const known = knownBackends.find((one) => one.name === name)
  if (name === undefined || (known !== undefined && known.takesServer !== true)) {
    throw new OrchError('USAGE', `Cannot use the server "${shown(server)}": ${lacking(name)}`, {
      hint: 'Leave "--server" out, or name a backend that uses servers with --backend',
    })
  }
  const before = Object.hasOwn(config.backends, name) ? config.backends[name] : undefined
  const { module = null, from = '', files = [], options = {} } = before ?? {}
  const entry = { module, from, files, options: { ...options, server } }
  return { config: { ...config, backends: { ...config.backends, [name]: entry } }, backendName: name }
}

function lacking(name: string | undefined): string {
  return name === undefined ? 'no known backend uses one' : `the backend "${name}" uses none`
}

/** Without its password. */
function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
