import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../harness/eventually.ts'
import { gitRepository } from '../harness/git-repository.ts'
import { openCodeEnvironment } from '../harness/open-code-environment.ts'
import { type OpenCodeServer, startOpenCode } from '../harness/start-open-code.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { createSession, messagesOf, openRequest, prompt, type Recorder, statusOf, withEvents } from './recorder.ts'

/**
 * Records what the real OpenCode server answers, for tests of code that reads it: `npx tsx tests/recorded/record.ts`
 * writes `tests/recorded/opencode-VERSION/*.json`. Machine paths and ports are replaced; nothing else is changed, but
 * lists of events leave out the `sync` twins and the `plugin.added` events after the first of each.
 */

const model = await startScriptedModel()
const permission = { edit: 'ask', bash: { 'rm *': 'ask' } }
const environment = await openCodeEnvironment({ model, permission })
const server = await startOpenCode({ model, environment })
const folder = new URL(`./opencode-${environment.version}/`, import.meta.url)
const directory = await gitRepository(join(environment.directory, 'one'), { 'a.txt': 'old\n' })
const other = await gitRepository(join(environment.directory, 'two'))
await mkdir(folder, { recursive: true })

const allowAll = [{ permission: '*', pattern: '*', action: 'allow' }]

const scrub = (text: string): string =>
  text
    .replaceAll(directory, '/project')
    .replaceAll(other, '/other')
    .replaceAll(environment.home, '/home/user')
    .replaceAll(environment.directory, '/projects')
    .replaceAll(new URL(model.url).host, '127.0.0.1:8080')

const recorder: Recorder = {
  server,
  model,
  directory,
  write: (name, value) => writeFile(new URL(name, folder), `${scrub(JSON.stringify(value, null, 2))}\n`),
}

try {
  await recordAll(recorder)
  const next = await recordKilledServer(recorder)
  await next.stop()
} finally {
  await server.stop()
  await environment[Symbol.asyncDispose]()
  await model.close()
}

async function recordAll(recorder: Recorder): Promise<void> {
  await recorder.write('health.json', await server.call('GET', '/global/health'))
  await recordTurn(recorder, 'answer', '[[think: Let me see]] [[answer: All is well]]')
  await recordTurn(recorder, 'shell', '[[answer: First I look]] [[shell: echo hello]] [[answer: It said hello]]')
  await recordTurn(recorder, 'shell-failed', '[[shell: echo no >&2; exit 3]] [[answer: It failed]]')
  await recordTurn(recorder, 'write', '[[write: new.txt | new\\n]] [[answer: Written]]', allowAll)
  await recordTurn(recorder, 'edit-error', '[[edit: missing.txt | old | new]] [[answer: No such file]]', allowAll)
  await recordTurn(recorder, 'invalid-tool', '[[tool: nosuch | {"a": 1}]] [[answer: No such tool]]')
  await recordTurn(recorder, 'error', '[[error: 400]]')
  await recordTurn(recorder, 'retry', '[[rate-limit: 1, 1]] [[answer: At last]]')
  await recordPermission(recorder, 'permission-once', { reply: 'once' })
  await recordPermission(recorder, 'permission-reject', { reply: 'reject' })
  await recordPermission(recorder, 'permission-reject-message', { reply: 'reject', message: 'Not this file' })
  await recordQuestion(recorder, 'question-reply', { answers: [['blue']] })
  await recordQuestion(recorder, 'question-reject')
  await recordStreaming(recorder)
  await recordRunningTool(recorder)
  await recordQueued(recorder)
  await recordTurn(recorder, 'compaction', '[[error: 413]]')
  await recordAbortedRetry(recorder)
  await recordUnknownModel(recorder)
  await recordSubagent(recorder)
  await recordErrors(recorder)
  const archived = await createSession(recorder, 'archived', other)
  await server.call('PATCH', `/session/${archived}`, { body: { time: { archived: Date.now() } } })
  await createSession(recorder, 'never-started', other)
  await recorder.write('sessions.json', await server.call('GET', '/experimental/session?limit=100'))
  await recorder.write(
    'sessions-archived.json',
    await server.call('GET', '/experimental/session?archived=true&limit=3'),
  )
}

async function recordTurn(recorder: Recorder, name: string, text: string, rules?: unknown): Promise<void> {
  await withEvents(recorder, name, async (session) => {
    if (rules) await recorder.server.call('PATCH', `/session/${session}`, { body: { permission: rules } })
    await prompt(recorder, session, text)
    if (name !== 'retry') return
    const status = await eventually(async () => {
      const all = await statusOf(recorder)
      return all[session]?.type === 'retry' && all
    })
    await recorder.write('status-retry.json', status)
  })
}

async function recordPermission(recorder: Recorder, name: string, reply: object): Promise<void> {
  await writeFile(join(recorder.directory, 'a.txt'), 'old\n')
  await withEvents(recorder, name, async (session) => {
    await prompt(recorder, session, '[[edit: a.txt | old | new]] [[answer: Edited]]')
    const list = await openRequest(recorder, 'permission', session)
    await recorder.write('permissions.json', list)
    await recorder.write('messages-permission-open.json', await messagesOf(recorder, session))
    await recorder.write('status-busy.json', await statusOf(recorder))
    const id = list.at(-1)?.id
    const { directory } = recorder
    await recorder.server.call('POST', `/permission/${id}/reply`, { directory, body: reply })
  })
}

async function recordQuestion(recorder: Recorder, name: string, reply?: object): Promise<void> {
  await withEvents(recorder, name, async (session) => {
    await prompt(recorder, session, '[[question: Which colour? | red | blue]] [[answer: Thank you]]')
    const list = await openRequest(recorder, 'question', session)
    await recorder.write('questions.json', list)
    await recorder.write('messages-question-open.json', await messagesOf(recorder, session))
    const id = list.at(-1)?.id
    const { directory } = recorder
    if (reply) await recorder.server.call('POST', `/question/${id}/reply`, { directory, body: reply })
    else await recorder.server.call('POST', `/question/${id}/reject`, { directory })
  })
}

async function recordStreaming(recorder: Recorder): Promise<void> {
  await withEvents(recorder, 'aborted', async (session) => {
    await prompt(recorder, session, '[[answer: Half of the text]] [[hold: never]]')
    await eventually(() => recorder.model.waiting().includes('never'), { what: 'the held response' })
    await recorder.write('messages-streaming.json', await messagesOf(recorder, session))
    await recorder.server.call('POST', `/session/${session}/abort`)
  })
}

async function recordRunningTool(recorder: Recorder): Promise<void> {
  await withEvents(recorder, 'tool-aborted', async (session) => {
    await prompt(recorder, session, '[[shell: echo begun; sleep 1000]] [[answer: Never said]]')
    const running = await eventually(
      async () => {
        const messages = await messagesOf(recorder, session)
        return JSON.stringify(messages).includes('begun\\n') && messages
      },
      { what: 'output of the running tool' },
    )
    await recorder.write('messages-tool-running.json', running)
    await recorder.server.call('POST', `/session/${session}/abort`)
  })
}

async function recordQueued(recorder: Recorder): Promise<void> {
  await withEvents(recorder, 'queued', async (session) => {
    await prompt(recorder, session, '[[hold: first]] [[answer: The first answer]]')
    await eventually(() => recorder.model.waiting().includes('first'), { what: 'the held response' })
    await prompt(recorder, session, '[[answer: Answer to two]]')
    await prompt(recorder, session, '[[answer: Answer to three]]')
    await eventually(async () => (await messagesOf(recorder, session)).length === 4, { what: 'the queued messages' })
    await recorder.write('messages-queued-open.json', await messagesOf(recorder, session))
    recorder.model.release('first')
    await eventually(async () => (await messagesOf(recorder, session)).length === 5, { what: 'the second answer' })
  })
}

/** An abort while the model is retried: the answer is completed with neither an error nor a finish. */
async function recordAbortedRetry(recorder: Recorder): Promise<void> {
  await withEvents(recorder, 'retry-aborted', async (session) => {
    await prompt(recorder, session, '[[error: 500]]')
    await eventually(async () => (await statusOf(recorder))[session]?.type === 'retry')
    await recorder.server.call('POST', `/session/${session}/abort`)
  })
}

/** A prompt that no model can take: it is stored and never answered. */
async function recordUnknownModel(recorder: Recorder): Promise<void> {
  const stream = await recorder.server.events()
  const session = await createSession(recorder, 'unknown-model')
  const body = { model: { providerID: 'nosuch', modelID: 'x' }, parts: [{ type: 'text', text: 'Hello' }] }
  await recorder.server.call('POST', `/session/${session}/prompt_async`, { directory: recorder.directory, body })
  const failure = await eventually(() =>
    (stream.events as { payload: { type: string } }[]).find(({ payload }) => payload.type === 'session.error'),
  )
  stream.close()
  await recorder.write('events-unknown-model.json', [failure])
  await recorder.write('messages-unknown-model.json', await messagesOf(recorder, session))
}

/** A subagent asks in its own session, although the session that started it allows everything. */
async function recordSubagent(recorder: Recorder): Promise<void> {
  const inner = '[[shell: rm -f nosuch]] [[answer: Sub done]]'.replaceAll('[', '\\u005b').replaceAll(']', '\\u005d')
  const task = `{"description": "Remove", "prompt": "${inner}", "subagent_type": "general"}`
  await withEvents(recorder, 'subagent', async (session) => {
    const { server, directory } = recorder
    await server.call('PATCH', `/session/${session}`, { body: { permission: allowAll } })
    await prompt(recorder, session, `[[tool: task | ${task}]] [[answer: All done]]`)
    const [child] = await eventually(async () => {
      const children = await server.call<{ id: string }[]>('GET', `/session/${session}/children`)
      return children.length > 0 && children
    })
    const [request] = await openRequest(recorder, 'permission', child?.id as string)
    await recorder.write('permissions-subagent.json', [request])
    await recorder.write('children.json', await server.call('GET', `/session/${session}/children`))
    await recorder.write('messages-subagent-open.json', await messagesOf(recorder, session))
    await recorder.write('status-subagent.json', await statusOf(recorder))
    await server.call('POST', `/permission/${request?.id}/reply`, { directory, body: { reply: 'once' } })
  })
}

async function recordErrors(recorder: Recorder): Promise<void> {
  const requests: [string, string, unknown?][] = [
    ['GET', '/session/ses_0000000000000000000000000x'],
    ['GET', '/session/nonsense'],
    ['POST', '/session/ses_0000000000000000000000000x/prompt_async', { parts: [{ type: 'text', text: 'x' }] }],
    ['POST', '/session', { title: 5 }],
    ['POST', '/permission/per_0000000000000000000000000x/reply', { reply: 'once' }],
    ['POST', '/question/que_0000000000000000000000000x/reply', { answers: [['a']] }],
    ['GET', '/no/such/path'],
  ]
  const answers = []
  for (const [method, path, body] of requests) {
    const response = await fetch(`${recorder.server.url}${path}`, {
      method,
      headers: {
        authorization: recorder.server.authorization,
        'content-type': 'application/json',
        'x-opencode-directory': encodeURIComponent(recorder.directory),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = (await response.text()).slice(0, 300)
    answers.push({ method, path, status: response.status, type: response.headers.get('content-type'), body: text })
  }
  const refused = await fetch(`${recorder.server.url}/global/health`)
  answers.push({
    method: 'GET',
    path: '/global/health',
    status: refused.status,
    type: null,
    body: await refused.text(),
  })
  await recorder.write('errors.json', answers)
}

/** What a server says of a turn that its predecessor was killed in. */
async function recordKilledServer(recorder: Recorder): Promise<OpenCodeServer> {
  const session = await createSession(recorder, 'killed')
  await prompt(recorder, session, '[[shell: echo begun; sleep 1000]] [[answer: Never said]]')
  await eventually(async () => JSON.stringify(await messagesOf(recorder, session)).includes('begun\\n'))
  await recorder.server.kill()
  await recorder.server.stop()
  const next = await startOpenCode({ model: recorder.model, environment: recorder.server.environment })
  const messages = await next.call('GET', `/session/${session}/message`)
  await recorder.write('messages-after-restart.json', messages)
  await recorder.write(
    'status-after-restart.json',
    await next.call('GET', '/session/status', { directory: recorder.directory }),
  )
  return next
}
