import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { descendantsOf, type ProcessInfo, processInfo } from '../../harness/processes.ts'
import type { Place } from './place.ts'

/** A session as the server lists it, as far as stories read it. */
export interface ListedSession {
  id: string
  title: string
  directory: string
  metadata?: { orch?: { id: string } }
  time: { archived?: number }
}

/** The OpenCode server that orch started for a place, asked with plain HTTP. */
export interface ManagedServer {
  url: string
  process: ProcessInfo
  /** Every session of every directory, archived ones too. */
  sessions(): Promise<ListedSession[]>
  /** The session of an agent; throws unless there is exactly one. */
  sessionOf(id: string): Promise<ListedSession>
  /** Ids of the sessions of a directory that run a turn. */
  busy(directory: string): Promise<string[]>
  /** Does something that orch has no part in. */
  act(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void>
  /** Everything that the server started and that still runs. */
  children(): Promise<ProcessInfo[]>
}

/** Reads from orch's state folder which server it started. Throws when there is none. */
export async function managedServer(place: Place): Promise<ManagedServer> {
  const { url, password, process } = await readRecord(place)
  const info = await processInfo(process.pid)
  if (info?.startTime !== process.startTime)
    throw new Error(`Cannot see the OpenCode server: process ${process.pid} has ended`)
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  const act = async (method: string, path: string, body?: object): Promise<void> => {
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(10_000),
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`Cannot ${method} "${path}": ${response.status}`)
  }
  const get = async <T>(path: string, directory?: string): Promise<T> => {
    const headers = { authorization, ...(directory && { 'x-opencode-directory': encodeURIComponent(directory) }) }
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(10_000) })
    if (!response.ok) throw new Error(`Cannot get "${path}": ${response.status}`)
    return (await response.json()) as T
  }
  const sessions = (): Promise<ListedSession[]> => get('/experimental/session?limit=1000&archived=true')
  return {
    url,
    process: info,
    sessions,
    act,
    async sessionOf(id) {
      const own = (await sessions()).filter(({ metadata }) => metadata?.orch?.id === id)
      if (own.length === 1) return own[0] as ListedSession
      throw new Error(`Cannot tell the session of "${id}": there are ${own.length}`)
    },
    busy: async (directory) => Object.keys(await get<Record<string, unknown>>('/session/status', directory)),
    children: () => descendantsOf(info.pid),
  }
}

interface Recorded {
  url: string
  password: string
  process: { pid: number; startTime: string }
}

async function readRecord(place: Place): Promise<Recorded> {
  return JSON.parse(await readFile(join(place.state, 'opencode', 'server.json'), 'utf8')) as Recorded
}
