import {
  BACKEND_API_VERSION,
  type Backend,
  type BackendFactory,
  type BackendHost,
  type BackendModule,
} from '../backend.ts'
import type { Config } from '../config/config.ts'
import { moduleUrl } from '../config/module-url.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { loadModule } from './load-module.ts'
import type { KnownBackend } from './options.ts'

interface Sources {
  readonly config: Config
  /** What may be missing in `config`. */
  readonly configProblems: readonly OrchError[]
  readonly known: readonly KnownBackend[]
  readonly given: Readonly<Record<string, BackendFactory>>
}

/** Opens a backend by name: given by the embedder, named in the configuration, or known. */
export function createBackendLoader(sources: Sources): (name: string, host: () => BackendHost) => Promise<Backend> {
  return async (name, host) => {
    const given = own(sources.given, name)
    if (given !== undefined) return await open(name, name, async () => given(host()))
    const { module = null, from = '', files = [], options = {} } = own(sources.config.backends, name) ?? {}
    const known = sources.known.find((backend) => backend.name === name)
    if (module === null && known === undefined) throw unknownBackend(name, sources)
    return await open(name, module ?? name, async () => {
      const loaded = module === null ? await known?.load() : await loadModule(moduleUrl(module, from))
      const usable = checked(name, loaded as BackendModule)
      return configured(name, files, () => usable.createBackend(options))(host())
    })
  }
}

/** Options are refused with the file and the key that they stand under. */
function configured(name: string, files: readonly string[], create: () => BackendFactory): BackendFactory {
  try {
    return create()
  } catch (cause) {
    if (!isOrchError(cause) || cause.code !== 'CONFIG_INVALID') throw cause
    const place = files.length === 0 ? '' : ` ("backends.${name}" in ${files.map((file) => `"${file}"`).join(' or ')})`
    throw new OrchError('CONFIG_INVALID', `${cause.message}${place}`, { hint: cause.hint, backend: name, cause })
  }
}

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

async function open(name: string, source: string, work: () => Promise<Backend>): Promise<Backend> {
  try {
    return await work()
  } catch (cause) {
    if (isOrchError(cause)) throw cause
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new OrchError(
      'BACKEND_INVALID',
      `Cannot load the backend "${name}" from "${source}": ${text.split('\n')[0]}`,
      {
        hint: `Install "${source}", or mend "backends.${name}.module" in the configuration`,
        backend: name,
        cause,
      },
    )
  }
}

function checked(name: string, module: BackendModule): BackendModule {
  if (module.apiVersion === BACKEND_API_VERSION && typeof module.createBackend === 'function') return module
  const text =
    typeof module.createBackend === 'function'
      ? `it speaks version ${module.apiVersion} of the backend contract, orch speaks ${BACKEND_API_VERSION}`
      : 'it exports no "createBackend"'
  throw new OrchError('BACKEND_INVALID', `Cannot use the backend "${name}": ${text}`, {
    hint: 'Install a version of that backend that fits this orch',
    backend: name,
  })
}

function unknownBackend(name: string, { known, given, config, configProblems }: Sources): OrchError {
  const [problem] = configProblems
  if (problem !== undefined)
    return new OrchError('CONFIG_INVALID', `Cannot find the backend "${name}": ${problem.message}`, {
      hint: problem.hint,
      backend: name,
      cause: problem,
    })
  const names = new Set([
    ...Object.keys(given),
    ...known.map((backend) => backend.name),
    ...Object.keys(config.backends),
  ])
  return new OrchError('BACKEND_UNKNOWN', `Cannot use the backend "${name}": no backend of this name is known`, {
    hint: `Choose one of ${[...names].map((one) => `"${one}"`).join(', ') || 'those you configure under "backends"'}`,
    backend: name,
  })
}
