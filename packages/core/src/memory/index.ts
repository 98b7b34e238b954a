import { join } from 'node:path'
import { BACKEND_API_VERSION, type BackendFactory } from '../backend.ts'
import type { JsonObject } from '../json.ts'
import { createMemoryBackend } from './backend.ts'
import { connect } from './client.ts'
import { type MemoryOptions, parseOptions } from './options.ts'
import { createMemoryServer } from './server.ts'

export type { MemoryCrash, MemoryOptions, MemoryPoint } from './options.ts'
export { createMemoryServer, type MemoryServer, type MemoryServerOptions } from './server.ts'

/** The contract version this backend speaks. */
export const apiVersion: number = BACKEND_API_VERSION

/**
 * The reference backend: agents are simulated on a server that lives in this process or in a directory, and do what
 * the markers in their messages say (`script.ts`). Every backend that one factory opens shares its server.
 */
export function memory(options: MemoryOptions = {}): BackendFactory {
  const { directory } = options
  const server = options.server ?? createMemoryServer(directory === undefined ? {} : { directory })
  return (host) => {
    const client = connect(server.store, options.deadlineMs ?? 5_000)
    return createMemoryBackend(host, client, { ...options, serverName: server.store.name })
  }
}

/**
 * The factory for a configuration. Without `directory`, the server is shared by all processes that use the same
 * state directory: it lives in the subdirectory named after the backend.
 * @throws OrchError `CONFIG_INVALID`
 */
export function createBackend(options: JsonObject): BackendFactory {
  const parsed = parseOptions(options)
  return (host) => memory({ directory: join(host.stateDirectory, host.name), ...parsed })(host)
}
