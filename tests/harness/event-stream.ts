/** A server-sent event stream that collects what it receives. */
export interface EventStream extends AsyncDisposable {
  /** The parsed `data:` documents, oldest first. */
  events: readonly unknown[]
  /** Whether the server has ended the stream. */
  ended(): boolean
  close(): void
}

/** Opens a stream of JSON documents; resolves when the server has answered with `text/event-stream`. */
export async function openEventStream(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const type = response.headers.get('content-type') ?? ''
  if (!response.ok || !response.body || !type.startsWith('text/event-stream')) {
    abort.abort()
    throw new Error(`Cannot open the stream "${url}": ${response.status} "${type}"`)
  }
  const events: unknown[] = []
  let ended = false
  const finished = collect(response.body, events)
    .catch(() => {})
    .finally(() => {
      ended = true
    })
  return {
    events,
    ended: () => ended,
    close: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort()
      await finished
    },
  }
}

async function collect(body: ReadableStream<Uint8Array>, events: unknown[]): Promise<void> {
  const decoder = new TextDecoder()
  let buffer = ''
  for await (const bytes of body) {
    buffer += decoder.decode(bytes, { stream: true })
    const documents = buffer.split('\n\n')
    buffer = documents.pop() ?? ''
    for (const document of documents) {
      const data = document.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []))
      if (data.length > 0) events.push(JSON.parse(data.join('\n')))
    }
  }
}
