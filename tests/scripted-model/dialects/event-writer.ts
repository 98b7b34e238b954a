import type { ServerResponse } from 'node:http'

/** A stream of named events, each with its name in its data too. */
export interface EventWriter {
  /** Whether the headers are out: they go with the first event. */
  readonly isBegun: boolean
  write(type: string, rest: object): void
  end(): void
}

/** Writes events as they come. */
export function eventWriter(response: ServerResponse): EventWriter {
  return {
    get isBegun() {
      return response.headersSent
    },
    write(type, rest) {
      if (!response.headersSent)
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`)
    },
    end() {
      response.end()
    },
  }
}
