import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fdatasyncSync, fsyncSync, linkSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { asGivenUp, currentOwner, ownerElsewhere, ownerLiveness, type ProcessOwner } from '../process-owner.ts'
import { readRegularFile, writeOnce } from '../regular-file.ts'

/** One generation of a claim. */
interface Claim {
  readonly generation: number
  /** As it was written, or a part of that after a power loss. */
  readonly content: string
  /** Where it stands, for people. */
  readonly place: string
}

/**
 * Claims that gate effects outside the registry: numbered generations of a file that only one process can create,
 * whole, and that is never deleted or made again (design §7).
 */
export interface Claims {
  /** The newest generation of `name`, or `null` when it was never claimed. */
  latest(name: string): Claim | null
  /**
   * Creates that generation; `false` when it is there already.
   * @param mayBeLost a power loss may take it away or empty it, which saves the milliseconds that a disk takes. @default false
   */
  create(name: string, generation: number, content: string, mayBeLost?: boolean): boolean
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
        const place = join(directory, `${prefix}${generation}`)
        return { generation, content: readRegularFile(place), place }
      } catch (cause) {
        throw fileError(cause, `Cannot read the claim ${JSON.stringify(name)} in "${directory}"`, 'DISK')
      }
    },
    create: (name, generation, content, mayBeLost = false) => {
      const scratch = join(directory, `scratch-${randomUUID()}`)
      try {
        const descriptor = openSync(scratch, 'wx', 0o600)
        try {
          writeOnce(descriptor, content)
          if (!mayBeLost) fdatasyncSync(descriptor)
        } finally {
          closeSync(descriptor)
        }
        // barrier: claim-drafted
        linkSync(scratch, join(directory, `${prefixOf(name)}${generation}`))
        // barrier: claim-linked
        if (!mayBeLost) syncDirectory(directory)
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

/** Makes what was linked there outlive a power loss. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Takes over what a process that is provably gone was at; `false` when it may still be at it or another was faster.
 * A power loss may take such a claim away: it ended whoever made it, too.
 */
export function takeOver(claims: Claims, name: string, first: ProcessOwner | null): boolean {
  const latest = claims.latest(name)
  const free = latest === null ? first === null || livenessOf(first) === 'gone' : isFree(latest)
  return free && claims.create(name, (latest?.generation ?? 0) + 1, JSON.stringify(currentOwner()), true)
}

/** Gives back what {@link takeOver} took, when nothing came of it: the next generation belongs to nobody that lives. */
export function giveBack(claims: Claims, name: string): void {
  const { generation = 0 } = claims.latest(name) ?? {}
  claims.create(name, generation + 1, JSON.stringify(asGivenUp(currentOwner())), true)
}

/** What to do about something that is claimed: the claim of a process that cannot be seen from here is named. */
export function hintForHeld(claims: Claims, name: string): string {
  const latest = claims.latest(name)
  const owner = latest === null ? null : parseOwner(latest.content)
  if (latest === null || owner === CUT || livenessOf(owner) !== 'unknown')
    return 'Run the same command again once that has ended'
  return `It is claimed by ${ownerElsewhere(owner as ProcessOwner)}, which cannot be seen from here; once that has ended, remove "${latest.place}"`
}

/** A claim that is no whole text of its kind. */
const CUT = Symbol('cut')

/**
 * Whether nobody can be at it any more. A claim is linked whole: one that is cut was cut by a power loss, which ended its
 * owner. One that is whole and names no owner proves nothing.
 */
function isFree({ content }: Claim): boolean {
  const owner = parseOwner(content)
  return owner === CUT || livenessOf(owner) === 'gone'
}

function livenessOf(owner: Partial<ProcessOwner> | null): ReturnType<typeof ownerLiveness> | null {
  return typeof owner?.pid === 'number' ? ownerLiveness(owner as ProcessOwner) : null
}

function parseOwner(text: string): Partial<ProcessOwner> | null | typeof CUT {
  try {
    return JSON.parse(text) as Partial<ProcessOwner> | null
  } catch {
    return CUT
  }
}
