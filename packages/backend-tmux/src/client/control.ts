import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { SUBSCRIBE } from '../command-line.ts'
import { type ControlNews, parseControlLine } from '../parse.ts'

/** A control client's life: whether it ever listened, and that it is over. */
export interface ControlClient {
  /** Resolves to `true` once it listens, to `false` when it ended before. */
  readonly listening: Promise<boolean>
  /** Resolves when its process is gone: the server ended, the session went, or `end` was called. */
  readonly ended: Promise<void>
  end(): void
}

/**
 * Reports what a control client says until it ends. One process for each server, none for each agent.
 * It is spoken to only once it is attached: what comes before is now and then never answered (9 of 60 with tmux 3.3a).
 */
export function openControl(child: ChildProcessWithoutNullStreams, onNews: (news: ControlNews) => void): ControlClient {
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
    child.on('error', () => resolve())
  })
  const subscribed = new Promise<boolean>((resolve) => {
    let answers = 0
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('%end ')) {
        answers += 1
        if (answers === 1) child.stdin.write(SUBSCRIBE)
        else resolve(true)
      }
      const news = parseControlLine(line)
      if (news !== null) onNews(news)
    })
  })
  child.stderr.resume()
  child.stdin.on('error', () => {})
  return {
    listening: Promise.race([subscribed, ended.then(() => false)]),
    ended,
    end: () => void child.kill('SIGKILL'),
  }
}
