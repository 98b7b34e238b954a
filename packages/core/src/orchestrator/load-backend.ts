import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BACKEND_API_VERSION, type BackendFactory, type BackendModule } from '../backend.ts'
import type { Config } from '../config/config.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { KnownBackend } from './options.ts'

interface Sources {
  readonly project: string
  readonly config: Config
  readonly known: readonly KnownBackend[]
  readonly given: Readonly<Record<string, BackendFactory>>
}

/** Finds a backend by name: given by the embedder, named in the configuration, or known. */
export function createBackendLoader(sources: Sources): (name: string) => Promise<BackendFactory> {
  return async (name) => {
    const given = sources.given[name]
    if (given !== undefined) return given
    const entry = sources.config.backends[name]
    const known = sources.known.find((backend) => backend.name === name)
    if (entry?.module) {
      const { module: source, from } = entry
      const module = await loadModule(name, source, async () => await import(moduleUrl(source, from)))
      return checked(name, module).createBackend(entry.options)
    }
    if (known !== undefined) {
      const module = await loadModule(name, name, () => known.load())
      return checked(name, module).createBackend(entry?.options ?? {})
    }
    throw unknownBackend(name, sources)
  }
}

async function loadModule(name: string, module: string, load: () => Promise<BackendModule>): Promise<BackendModule> {
  try {
    return await load()
  } catch (cause) {
    if (isOrchError(cause)) throw cause
    throw new OrchError(
      'BACKEND_INVALID',
      `Cannot load the backend "${name}" from "${module}": ${(cause as Error).message.split('\n')[0]}`,
      {
        hint: `Install "${module}", or mend "backends.${name}.module" in the configuration`,
        backend: name,
        cause,
      },
    )
  }
}

/** A path starts from the configuration's directory, a package is looked for there first and then beside orch. */
function moduleUrl(module: string, from: string): string {
  if (module.startsWith('.') || isAbsolute(module)) return pathToFileURL(resolve(from, module)).href
  try {
    return pathToFileURL(createRequire(join(from, 'config.json')).resolve(module)).href
  } catch {
    return import.meta.resolve(module)
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

function unknownBackend(name: string, { known, given, config }: Sources): OrchError {
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
