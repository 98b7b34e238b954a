import { createHash, randomUUID } from 'node:crypto'
import { closeSync, linkSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { currentOwner, ownerLiveness, type ProcessOwner } from '../process-owner.ts'
import { writeOnce } from '../regular-file.ts'

/**
 * Claims that gate effects outside the registry: numbered generations of a file that only one process can create,
 * whole, and that is never deleted or made again (design §7).
 */
export interface Claims {
  /** The content of the newest generation of `name` and its number, or `null` when it was never claimed. */
  latest(name: string): { readonly generation: number; readonly content: string } | null
  /** Creates that generation; `false` when it is there already. */
  create(name: string, generation: number, content: string): boolean
}

/** Claims as files below `directory`. A name may be any text: it never becomes a path. */
export function createFileClaims(directory: string): Claims {
  try {
    makePrivateDirectory(directory)
  } catch (cause) {
    throw fileError(cause, `Cannot use the state directory "${directory}": it cannot be made`, 'DISK')
  }
  const prefixOf = (name: string): string => `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.`
  return {
    latest: (name) => {
      const prefix = prefixOf(name)
      try {
        const generations = readdirSync(directory)
          .filter((file) => file.startsWith(prefix) && /^[1-9]\d*$/.test(file.slice(prefix.length)))
          .map((file) => Number(file.slice(prefix.length)))
        if (generations.length === 0) return null
        const generation = Math.max(...generations)
        return { generation, content: readFileSync(join(directory, `${prefix}${generation}`), 'utf8') }
      } catch (cause) {
        throw fileError(cause, `Cannot read the claim ${JSON.stringify(name)} in "${directory}"`, 'DISK')
      }
    },
    create: (name, generation, content) => {
      const scratch = join(directory, `scratch-${randomUUID()}`)
      try {
        const descriptor = openSync(scratch, 'wx', 0o600)
        try {
          writeOnce(descriptor, content)
        } finally {
          closeSync(descriptor)
        }
        // barrier: claim-drafted
        linkSync(scratch, join(directory, `${prefixOf(name)}${generation}`))
        // barrier: claim-linked
        return true
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw fileError(cause, `Cannot claim ${JSON.stringify(name)} in "${directory}"`, 'DISK')
      } finally {
        rmSync(scratch, { force: true })
      }
    },
  }
}

/** Takes over what a process that is provably gone was at; `false` when it may still be at it or another was faster. */
export function takeOver(claims: Claims, name: string, first: ProcessOwner | null): boolean {
  const latest = claims.latest(name)
  const free = latest === null ? first === null || isGone(first) : isGone(parseOwner(latest.content))
  return free && claims.create(name, (latest?.generation ?? 0) + 1, JSON.stringify(currentOwner()))
}

/** Gives back what {@link takeOver} took, when nothing came of it: the next generation belongs to nobody that lives. */
export function giveBack(claims: Claims, name: string): void {
  const { generation = 0 } = claims.latest(name) ?? {}
  claims.create(name, generation + 1, JSON.stringify({ ...currentOwner(), startTime: 'given back' }))
}

/** A claim that cannot be read proves nothing. */
function isGone(owner: Partial<ProcessOwner> | null): boolean {
  return typeof owner?.pid === 'number' && ownerLiveness(owner as ProcessOwner) === 'gone'
}

function parseOwner(text: string): Partial<ProcessOwner> | null {
  try {
    return JSON.parse(text) as Partial<ProcessOwner> | null
  } catch {
    return null
  }
}
