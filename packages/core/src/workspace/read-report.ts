import { existsSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Reason } from '../agent.ts'
import { withRegularFile } from '../regular-file.ts'
import { monotonicMs, recheck, TIMING } from '../timing.ts'
import { isTaken } from './asks.ts'
import { EMPTY_PAGE, NO_REPORT, PAGE, parseReport, type Report } from './report.ts'

/** What one read of a page showed. */
interface Glance {
  /** `null` when there is none. */
  readonly text: string | null
  readonly changedAt: string
  /** Why it cannot be read; {@link PROJECT_GONE} where nobody knows what it says. */
  readonly code: string | null
  /** Another one after every change. */
  readonly mark: string
  /** Whether nobody can be in the middle of writing it. */
  readonly isAtRest: boolean
}

/** The code of a report that cannot be read as its whole project was moved or is gone. */
export const PROJECT_GONE = 'PROJECT_GONE'

/**
 * Reads an agent's page whole. Editors empty a page before they write it, write it in pieces, or take it away before the new
 * one is there: one that changed just now is read again until it rests, so that no phase and no request is lost for an
 * instant. A page that is not there is an empty report, unless the whole project is away: then nobody knows what it says.
 * Requests in `answered` are not open any more, nor are those whose answer `orch ask` took.
 * @returns a promise only where the page does not rest
 */
export function readReport(workspace: string, answered: readonly string[]): Report | Promise<Report> {
  const first = glanceAt(workspace)
  if (first.isAtRest) return toReport(workspace, first, answered)
  return readAtRest(workspace, first).then((glance) => toReport(workspace, glance, answered))
}

/** Resolves once the page rests, or does not come to rest in {@link TIMING.pageRestMostMs}. */
export async function pageAtRest(workspace: string): Promise<void> {
  const first = glanceAt(workspace)
  if (!first.isAtRest) await readAtRest(workspace, first)
}

/** A page that never rests is taken as it was longest: the others were cut. */
async function readAtRest(workspace: string, first: Glance): Promise<Glance> {
  let last = first
  let longest = first
  let since = monotonicMs()
  const look = (): Glance | undefined => {
    const now = glanceAt(workspace)
    if (now.mark !== last.mark) {
      last = now
      since = monotonicMs()
      if ((now.text?.length ?? -1) >= (longest.text?.length ?? -1)) longest = now
    }
    // Whoever set the clock back made its age useless.
    return now.isAtRest || monotonicMs() - since >= restMs(now.text) ? now : undefined
  }
  return (await recheck(look, { timeoutMs: TIMING.pageRestMostMs, everyMs: TIMING.pageLookMs })) ?? longest
}

function glanceAt(workspace: string): Glance {
  try {
    return withRegularFile(`${workspace}/${PAGE}`, (text, stats) => {
      // As it was made: nobody has written yet, and who only looks at many pays nothing for it.
      if (text === EMPTY_PAGE) return { text, changedAt: '', code: null, mark: 'empty', isAtRest: true }
      return { text, code: null, ...marksOf(text, stats()) }
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return gone(code, null)
    const folder = statSync(workspace, { throwIfNoEntry: false }) ?? null
    return gone(folder === null && !existsSync(projectOf(workspace)) ? PROJECT_GONE : null, folder)
  }
}

function marksOf(text: string, stats: Stats): Pick<Glance, 'changedAt' | 'mark' | 'isAtRest'> {
  const { ino, size, mtimeMs, ctimeMs, mtime } = stats
  // A write sets both times alike: where they differ, something was done to the file after it was written.
  return {
    changedAt: mtime.toISOString(),
    mark: `${ino} ${size} ${ctimeMs}`,
    isAtRest: ctimeMs > mtimeMs || isOld(text, mtimeMs),
  }
}

/** A folder that changed just now may be about to get its page. */
function gone(code: string | null, folder: Stats | null): Glance {
  const isAtRest = folder === null || isOld(null, folder.mtimeMs)
  return { text: null, changedAt: '', code, mark: `gone ${folder?.mtimeMs}`, isAtRest }
}

function isOld(text: string | null, atMs: number): boolean {
  return Date.now() - atMs >= restMs(text)
}

/** How long nobody may have written: longer where the page looks cut. */
function restMs(text: string | null): number {
  return text?.endsWith('\n') ? TIMING.pageRestMs : TIMING.cutPageRestMs
}

function projectOf(workspace: string): string {
  return dirname(dirname(dirname(workspace)))
}

function toReport(workspace: string, { text, changedAt, code }: Glance, answered: readonly string[]): Report {
  if (code === PROJECT_GONE) return { ...NO_REPORT, unreadable: whyAway(projectOf(workspace)) }
  if (code !== null)
    return {
      ...NO_REPORT,
      unreadable: { code: 'WORKSPACE_UNREADABLE', text: `Its workspace page cannot be read (${code})` },
    }
  if (text === null) return NO_REPORT
  const { requests: stated, ...report } = parseReport(text, changedAt, answered)
  const requests = stated.filter(({ id }) => !isTaken(workspace, id))
  return report.phase === null && requests.length === 0 ? NO_REPORT : { ...report, requests }
}

function whyAway(project: string): Reason {
  return { code: PROJECT_GONE, text: `Its project "${project}" is not there: move it back, or abandon the agent` }
}
