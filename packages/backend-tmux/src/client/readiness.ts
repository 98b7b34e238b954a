import { readdir, readlink } from 'node:fs/promises'
import { recheck } from '@orch/core'
import { READY_MS } from '../options.ts'
import type { Handle } from '../parse.ts'
import { readLastLines } from './log.ts'
import { allPids, processStat, readProc } from './processes.ts'

/** Where a Linux process sleeps that reads a terminal (`/proc/PID/wchan`). */
const READING = ['wait_woken', 'n_tty_read']

const BRACKETS_ON = '\u001b[?2004h'

/**
 * Waits, at most {@link READY_MS}, until a program that was just started shows that it listens: it has switched bracketed
 * paste on, or reads its terminal, or waits for it. What is typed before, a raw-mode program gets with other line ends.
 */
export async function awaitReader(handle: Handle, signal: AbortSignal): Promise<void> {
  const strangers = new Set<number>()
  const shown = async (): Promise<true | undefined> =>
    takesPastes(handle) || (await someoneListens(handle, strangers)) || processStat(handle.panePid) === null
      ? true
      : undefined
  await recheck(shown, { timeoutMs: READY_MS, signal })
}

function takesPastes({ log }: Handle): boolean {
  const page = readLastLines(log, { last: 200, before: null })
  return page?.lines.some(({ bytes }) => bytes.includes(BRACKETS_ON)) ?? false
}

/** `strangers` have another session, and no process comes into one from outside: they are looked at once. */
async function someoneListens({ panePid, tty }: Handle, strangers: Set<number>): Promise<boolean> {
  for (const pid of allPids()) {
    if (pid === panePid || strangers.has(pid)) continue
    if (processStat(pid)?.session !== panePid) strangers.add(pid)
    else if (isReading(pid) || (await polls(pid, tty))) return true
  }
  return false
}

function isReading(pid: number): boolean {
  return READING.includes(readProc(`/proc/${pid}/wchan`))
}

/** Whether an epoll instance of the process watches the terminal (`/proc/PID/fdinfo`). */
async function polls(pid: number, tty: string): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch((): string[] => [])
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  for (const [index, link] of links.entries()) {
    if (link !== 'anon_inode:[eventpoll]') continue
    const info = readProc(`/proc/${pid}/fdinfo/${fds[index]}`)
    const watched = [...info.matchAll(/^tfd:\s+(\d+)/gm)].map((match) => match[1] as string)
    if (watched.some((fd) => links[fds.indexOf(fd)] === tty)) return true
  }
  return false
}
