import { interval, monotonicMs } from '@orch/core'
import { span } from './age.ts'
import { type Io, isDumb } from './io.ts'
import { printTalk } from './output.ts'
import { oneLine } from './page.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 120
const ERASE = '\r\x1b[K'

/** One line on stderr that says what a command is busy with, drawn in place on a terminal only. */
export interface Spinner {
  /** Begins, or replaces the text. Control sequences in it are removed, and it is cut at the width of the terminal. */
  say(text: string): void
  /** Takes the line away. `say` begins it again. */
  stop(): void
}

/**
 * A spinner that shows nothing where stderr is no terminal, or a dumb one. Its first frame comes with the first tick: a command
 * that ends before does not even open stderr. The cursor stays, so whoever kills the process leaves nothing to restore.
 */
export function createSpinner(io: Pick<Io, 'stderr' | 'env'>, wanted: boolean): Spinner {
  let text = ''
  let frame = 0
  let started = 0
  let ticking: { stop(): void } | undefined
  let isShown = false
  const stop = (): void => {
    ticking?.stop()
    ticking = undefined
    if (isShown) void printTalk(io.stderr, ERASE)
    isShown = false
  }
  const draw = (): void => {
    const { stderr } = io
    if (stderr.isTTY !== true) {
      stop()
      return
    }
    const mark = FRAMES[frame++ % FRAMES.length] ?? ''
    const room = Math.max(20, (stderr.columns ?? 80) - 1)
    const elapsed = span(monotonicMs() - started)
    isShown = true
    void printTalk(stderr, `${ERASE}${mark} ${oneLine(text, room - elapsed.length - 4)}  ${elapsed}`)
  }
  return {
    say: (said) => {
      text = said
      if (!wanted || isDumb(io.env) || ticking !== undefined) return
      started = monotonicMs()
      ticking = interval(FRAME_MS, draw)
    },
    stop,
  }
}
