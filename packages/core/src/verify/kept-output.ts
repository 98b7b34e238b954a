import { closeSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { uniqueId } from '../unique.ts'
import { makeKeptFolder } from '../workspace/kept-folder.ts'

/** Where the output of the command that verified an agent's work is kept, in orch's own folder of its workspace. */
const OUTPUT = 'verify.log'

/** A command that prints without end does not fill the disk, in bytes. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024
const TAIL_BYTES = 16 * 1024
const TAIL_LINES = 20
const LINE_CHARACTERS = 500

/** The output of one command, written to a file while it comes. */
export interface KeptOutput {
  write(bytes: Buffer): void
  /** Puts the file in its place, whole, and gives its path. Throws what the operating system said to any write. */
  keep(): string
  /** The last lines, at most 20, each cut at 500 characters. */
  tail(): readonly string[]
  /** Takes away what was not kept. */
  close(): void
}

/** Opens it in a workspace, 0600, for the only command that runs for its agent. Throws what the operating system says. */
export function keepOutput(workspace: string): KeptOutput {
  const folder = makeKeptFolder(workspace)
  const file = join(folder, OUTPUT)
  removeLeftovers(folder)
  const scratch = `${file}.${uniqueId()}`
  const descriptor = openSync(scratch, 'wx', 0o600)
  let failure = null as { readonly cause: unknown } | null
  let size = 0
  let last = Buffer.alloc(0)
  const append = (bytes: Buffer): void => {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    } catch (cause) {
      failure ??= { cause }
    }
  }
  return {
    write: (bytes) => {
      if (failure === null && size < MAX_KEPT_BYTES) append(bytes.subarray(0, MAX_KEPT_BYTES - size))
      size += bytes.length
      last = Buffer.concat([last, bytes]).subarray(-TAIL_BYTES)
    },
    keep: () => {
      if (size > MAX_KEPT_BYTES) append(Buffer.from(`\n[${size - MAX_KEPT_BYTES} bytes more were not kept]\n`))
      if (failure !== null) throw failure.cause
      renameSync(scratch, file)
      return file
    },
    tail: () => {
      const lines = last.toString('utf8').trimEnd().split(/\r?\n/)
      return (size === 0 ? [] : lines).slice(-TAIL_LINES).map((line) => line.slice(-LINE_CHARACTERS))
    },
    close: () => {
      closeSync(descriptor)
      rmSync(scratch, { force: true })
    },
  }
}

const LEFTOVER = /^verify\.log\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Of commands whose orch was killed; a name that is not ours is somebody else's file. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) if (LEFTOVER.test(name)) rmSync(join(folder, name), { force: true })
}
