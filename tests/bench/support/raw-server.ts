import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '../../stories/support/place.ts'

/** The OpenCode server that orch started in a place, asked with plain HTTP. */
export interface RawServer {
  readonly url: string
  /** Value of the `authorization` header. */
  readonly authorization: string
  get<T>(path: string, directory: string): Promise<T>
  post(path: string, directory: string, body: object): Promise<void>
  remove(path: string, directory: string): Promise<void>
}

/** Reads from orch's state folder where the server is. */
export async function rawServer(place: Place): Promise<RawServer> {
  const text = await readFile(join(place.state, 'opencode', 'server.json'), 'utf8')
  const { url, password } = JSON.parse(text) as { readonly url: string; readonly password: string }
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  const ask = async (path: string, directory: string, init: RequestInit): Promise<string> => {
    const headers = {
      authorization,
      'x-opencode-directory': encodeURIComponent(directory),
      'content-type': 'application/json',
    }
    const response = await fetch(`${url}${path}`, { ...init, headers })
    if (!response.ok) throw new Error(`Cannot ask "${path}": ${response.status}`)
    return response.text()
  }
  return {
    url,
    authorization,
    get: async <T>(path: string, directory: string) => JSON.parse(await ask(path, directory, {})) as T,
    async post(path, directory, body) {
      await ask(path, directory, { method: 'POST', body: JSON.stringify(body) })
    },
    async remove(path, directory) {
      await ask(path, directory, { method: 'DELETE' })
    },
  }
}
