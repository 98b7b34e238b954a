import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of one test: a project with a configuration, and a user's home of its own. */
export interface Place {
  readonly folder: string
  readonly project: string
  readonly env: Readonly<Record<string, string>>
  /** Writes a file below the project. */
  write(path: string, text: string): string
  remove(): void
}

/** The configuration that runs agents on the reference backend, shared by all processes of the test. */
export const MEMORY_CONFIG = {
  defaultBackend: 'memory',
  backends: { memory: { module: '@orch/core/memory' } },
}

/** Makes a project whose agents are simulated; nothing outside of it is read or written. */
export function createPlace(config: unknown = MEMORY_CONFIG): Place {
  const folder = mkdtempSync(join(tmpdir(), 'orch-cli-'))
  const project = join(folder, 'project')
  const home = join(folder, 'home')
  mkdirSync(home)
  const write = (path: string, text: string): string => {
    const file = join(project, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  write('.orch/config.json', JSON.stringify(config))
  return {
    folder,
    project,
    write,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      TMPDIR: folder,
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CACHE_HOME: join(home, 'cache'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
