import { readdir, readFile, readlink } from 'node:fs/promises'
import { recheck } from '@orch/core'
import { READY_MS } from '../options.ts'
import type { Handle } from '../parse.ts'
import { readLastLines } from './log.ts'
import { allProcesses, processStat } from './processes.ts'

/** Where a Linux process sleeps that reads a terminal (`/proc/PID/wchan`). */
const READING = ['wait_woken', 'n_tty_read']

const BRACKETS_ON = '\u001b[?2004h'

/**
 * Waits, at most {@link READY_MS}, until a program that was just started shows that it listens: it has switched bracketed
 * paste on, or reads its terminal, or waits for it. What is typed before, a raw-mode program gets with other line ends.
 */
export async function awaitReader(handle: Handle, signal: AbortSignal): Promise<void> {
  const shown = async (): Promise<true | undefined> =>
    (await takesPastes(handle)) || (await someoneListens(handle)) || !(await processStat(handle.panePid))
      ? true
      : undefined
  await recheck(shown, { timeoutMs: READY_MS, signal })
}

async function takesPastes({ log }: Handle): Promise<boolean> {
  const page = await readLastLines(log, { last: 200, before: null })
  return page?.lines.some(({ bytes }) => bytes.includes(BRACKETS_ON)) ?? false
}

async function someoneListens({ panePid, tty }: Handle): Promise<boolean> {
  const inPane = (await allProcesses()).filter(({ session, pid }) => session === panePid && pid !== panePid)
  const listens = await Promise.all(inPane.map(async ({ pid }) => (await isReading(pid)) || (await polls(pid, tty))))
  return listens.some(Boolean)
}

async function isReading(pid: number): Promise<boolean> {
  return READING.includes(await readFile(`/proc/${pid}/wchan`, 'utf8').catch(() => ''))
}

/** Whether an epoll instance of the process watches the terminal (`/proc/PID/fdinfo`). */
async function polls(pid: number, tty: string): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch((): string[] => [])
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  for (const [index, link] of links.entries()) {
    if (link !== 'anon_inode:[eventpoll]') continue
    const info = await readFile(`/proc/${pid}/fdinfo/${fds[index]}`, 'utf8').catch(() => '')
    const watched = [...info.matchAll(/^tfd:\s+(\d+)/gm)].map((match) => match[1] as string)
    if (watched.some((fd) => links[fds.indexOf(fd)] === tty)) return true
  }
  return false
}
