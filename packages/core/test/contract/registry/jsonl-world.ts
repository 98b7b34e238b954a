import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RegistryDamage, RegistryWorld } from '../../../src/contract/index.ts'
import { createJsonlRegistry } from '../../../src/registry/jsonl-registry.ts'
import type { Registry } from '../../../src/registry/registry.ts'

/** What a broken store may reach besides the store that it breaks. */
export interface Scene {
  readonly directory: string
  /** The file of an open record. */
  file(id: string): string
  /** A client that is not broken. */
  open(): Registry
}

/** Puts a store that breaks the contract in place of the right one. */
export type Breaker = (registry: Registry, scene: Scene) => Registry

/** How the whole store is made unreadable: its folder went away, or something else stands in its place. */
export type Outage = 'gone' | 'replaced'

/** Everything that can happen to a file of a record. */
export const JSONL_DAMAGES: readonly RegistryDamage[] = ['torn', 'missing', 'ruined']

/** A world over a folder of its own. `breaker` wraps every client. */
export async function jsonlWorld(
  breaker: Breaker = (registry) => registry,
  outage: Outage = 'gone',
): Promise<RegistryWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'orch-registry-'))
  const directory = join(folder, 'state')
  const file = (id: string): string => join(directory, 'agents', `${id}.jsonl`)
  const scene = { directory, file, open: () => createJsonlRegistry(directory) }
  const open = (): Registry => breaker(scene.open(), scene)
  return {
    registry: open(),
    open: async () => open(),
    async breakStore() {
      await rename(directory, `${directory}.away`)
      if (outage === 'replaced') await writeFile(directory, '')
    },
    async mendStore() {
      await rm(directory, { recursive: true, force: true })
      await rename(`${directory}.away`, directory)
    },
    damage: (id, how) => DAMAGE[how](file(id)),
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }),
  }
}

const DAMAGE: Readonly<Record<RegistryDamage, (file: string) => Promise<void>>> = {
  torn: (file) => appendFile(file, '\n{"v":1,"uid":"torn","base":'),
  async missing(file) {
    const lines = (await readFile(file, 'utf8')).split('\n')
    const events = lines.flatMap((line, index) => (line === '' ? [] : [index]))
    const last = events.at(-2) ?? 0
    await writeFile(file, lines.map((line, index) => (index === last ? line.slice(0, -9) : line)).join('\n'))
  },
  async ruined(file) {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, 'this is no record\n')
  },
}
