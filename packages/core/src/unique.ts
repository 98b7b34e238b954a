import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/**
 * A random UUID (RFC 9562, version 4), from the system's source of random bytes. `node:crypto` makes one as well, but takes two
 * milliseconds to load, as long as all other work of a short command: it is asked only where the system has no such file.
 */
export function uniqueId(): string {
  const bytes = randomBytes16()
  if (bytes === null) return randomUUID()
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function randomBytes16(): Buffer | null {
  try {
    const descriptor = openSync('/dev/urandom', 'r')
    try {
      const bytes = Buffer.alloc(16)
      return readSync(descriptor, bytes) === 16 ? bytes : null
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
}

/** Twelve hexadecimal digits that tell one text from another, not from one made to have the same (FNV-1a, folded to 48 bits). */
export function tagOf(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  const folded = BigInt.asUintN(48, hash ^ (hash >> 48n))
  return folded.toString(16).padStart(12, '0')
}
