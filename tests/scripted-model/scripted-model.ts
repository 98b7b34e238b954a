import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChatRequest, filesOf, isHousekeeping, mainModel, smallModel, textsOf } from './conversation.ts'
import { anthropicMessages } from './dialects/anthropic-messages.ts'
import { chatCompletions } from './dialects/chat-completions.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openAiResponses } from './dialects/open-ai-responses.ts'
import { createGates, type Gates } from './gates.ts'
import { type Plays, planResponse } from './plan.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { runSteps } from './run-steps.ts'
import type { Step, TokenUsage } from './script.ts'

/** One request that the model received. */
export interface ModelRequest {
  /** Model id that the client asked for. */
  model: string
  /** `turn`: an agent's turn. `housekeeping`: a title or summary, answered plainly. */
  kind: 'turn' | 'housekeeping'
  /** Texts of all user messages of the conversation, oldest first; a text that arrived twice stands here twice. */
  userTexts: string[]
  /** Contents of the images and other files in them, base64, oldest first; a text file arrives as text. */
  userFiles: string[]
  /** Texts of the system messages. */
  systemTexts: string[]
  /** Texts of all tool results, oldest first. */
  toolResults: string[]
  /** Names of the tools that the client offered. */
  tools: string[]
  /** `open` while it is answered; `aborted` when the client went away first. */
  state: 'open' | 'answered' | 'refused' | 'aborted'
  /** What it was billed, once it is `answered`. */
  usage?: TokenUsage
}

/** A running scripted model. */
export interface ScriptedModel {
  /** Base URL for an OpenAI-compatible provider, `http://127.0.0.1:PORT/v1`. */
  url: string
  /** The same without `/v1`, as Claude Code wants it. */
  origin: string
  /** URL of the control routes: `POST …/release/NAME` and `GET …/state` (`{ waiting, requests }`). */
  controlUrl: string
  /** Everything received so far, oldest first. */
  requests: readonly ModelRequest[]
  /** Names of `[[hold: name]]` at which a response waits now. */
  waiting(): string[]
  /** Lets everything that waits, or will wait, at `[[hold: name]]` go on. */
  release(name: string): void
  /** Closes every connection and stops listening. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface State {
  plays: Plays
  requests: ModelRequest[]
  gates: Gates
  refusals: Refusals
}

/**
 * Starts a model that speaks OpenAI's chat completions and responses and Anthropic's messages on loopback, and does what the markers in the newest user message
 * say (see script.ts). Any API key is accepted.
 *
 * @param options.port TCP port; `@default` 0, any free one.
 * @param options.plays Scripts for prompts without markers.
 */
export async function startScriptedModel(options: { port?: number; plays?: Plays } = {}): Promise<ScriptedModel> {
  const state: State = { plays: options.plays ?? {}, requests: [], gates: createGates(), refusals: createRefusals() }
  const server = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 400, { error: { message: String(error) } })
      else response.destroy()
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url: `${origin}/v1`,
    origin,
    controlUrl: `${origin}/control`,
    requests: state.requests,
    waiting: state.gates.waiting,
    release: state.gates.release,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const release = /^\/control\/release\/([^/]+)$/.exec(pathname)?.[1]
  const dialect = DIALECTS.find(({ path }) => path === pathname)
  if (request.method === 'POST' && dialect !== undefined) return complete(state, { request, response, dialect })
  if (request.method === 'GET' && pathname === '/v1/models') {
    const data = [mainModel, smallModel].map((id) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'orch',
    }))
    return sendJson(response, 200, { object: 'list', data })
  }
  if (request.method === 'POST' && release !== undefined) {
    state.gates.release(decodeURIComponent(release))
    return sendJson(response, 200, { released: decodeURIComponent(release) })
  }
  if (request.method === 'GET' && pathname === '/control/state') {
    return sendJson(response, 200, { waiting: state.gates.waiting(), requests: state.requests })
  }
  sendJson(response, 404, { error: { message: `Cannot find "${pathname}": no such route` } })
}

const DIALECTS: readonly Dialect[] = [chatCompletions, anthropicMessages, openAiResponses]

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  dialect: Dialect
}

async function complete(state: State, { request, response, dialect }: Exchange): Promise<void> {
  const body = dialect.read(JSON.parse(await readBody(request)))
  const entry = entryOf(body)
  state.requests.push(entry)
  const gone = new AbortController()
  response.on('close', () => {
    if (entry.state === 'open') entry.state = 'aborted'
    gone.abort(new Error('the client has gone'))
  })
  const steps = planResponse(body, state.plays)
  const refusal = state.refusals.next(body, steps)
  const writer = dialect.write(response, body)
  const run = (chosen: Step[]): Promise<void> =>
    runSteps(chosen, { writer, gates: state.gates, tools: entry.tools, signal: gone.signal })
  if (refusal?.status === 'cut') {
    await run(
      answerable(
        steps.slice(
          0,
          steps.findIndex(({ kind }) => kind === 'cut'),
        ),
      ),
    )
    entry.state = 'refused'
    return response.socket?.destroySoon()
  }
  if (refusal) {
    entry.state = 'refused'
    const retryAfter =
      refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }
    const message = `Scripted error ${refusal.status}`
    return sendJson(response, refusal.status, dialect.error(refusal.status, message), retryAfter)
  }
  await run(answerable(steps))
  entry.state = 'answered'
  entry.usage = writer.finish(JSON.stringify(body.messages).length)
}

function answerable(steps: Step[]): Step[] {
  return steps.filter(({ kind }) => kind !== 'refuse' && kind !== 'cut')
}

function entryOf(body: ChatRequest): ModelRequest {
  return {
    model: body.model,
    kind: isHousekeeping(body) ? 'housekeeping' : 'turn',
    userTexts: textsOf(body.messages, 'user'),
    userFiles: filesOf(body.messages),
    systemTexts: textsOf(body.messages, 'system', 'developer'),
    toolResults: textsOf(body.messages, 'tool'),
    tools: (body.tools ?? []).map((tool) => tool.function.name),
    state: 'open',
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
