import { readFile } from 'node:fs/promises'
import { eventually } from '../../harness/eventually.ts'

/** So many looks in a row must show a process using no processor time. */
const LOOKS = 8

/** Resolves when a process, once started, does nothing any more: it waits for something. */
export async function atRest(pid: number): Promise<void> {
  let last = -1
  let still = 0
  const look = async (): Promise<boolean> => {
    const used = await processorTicks(pid)
    still = used === last ? still + 1 : 0
    last = used
    return still >= LOOKS
  }
  await eventually(look, { timeoutMs: 60_000, intervalMs: 50, what: `process ${pid} at rest` })
}

/** User and system time, fields 14 and 15 of `/proc/PID/stat`. */
async function processorTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
