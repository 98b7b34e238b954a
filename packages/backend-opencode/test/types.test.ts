import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { runScript } from '../../../tests/checks/run-script.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { startOpenCode } from '../../../tests/harness/start-open-code.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'

type Fields = Record<string, unknown>
interface Schema {
  properties: Record<string, Schema & Fields>
  required: string[]
  anyOf: (Schema & Fields)[]
}
interface Document {
  paths: Record<string, Record<string, Fields>>
  components: { schemas: Record<string, Schema> }
}

const scope = perFile()
let document: Document
beforeAll(async () => {
  const server = await scope.use(startOpenCode({ model: { url: 'http://127.0.0.1:1/v1' } }))
  document = await server.call<Document>('GET', '/doc')
})

const generate = (...args: string[]): { status: number | null; output: string } =>
  runScript('generate-opencode-types.mjs', args)

/** A program that serves a document as OpenCode would. */
async function programWith(served: unknown): Promise<string> {
  const folder = (await scope.use(temporaryFolder())).path
  await writeFile(join(folder, 'document.json'), JSON.stringify(served))
  const program = join(folder, 'opencode.mjs')
  await writeFile(program, PROGRAM, { mode: 0o755 })
  return program
}

describe('the types of the client', () => {
  it('are those of the real server', () => {
    expect(generate('--check')).toEqual({ status: 0, output: '' })
  })

  it('are told apart from those of a newer server, in words', async () => {
    const { paths, components } = structuredClone(document)
    const { Session, Todo, SessionStatus } = components.schemas as Record<string, Schema>
    const moved = paths['/session/{sessionID}/abort']
    delete paths['/session/{sessionID}/abort']
    delete paths['/session/{sessionID}/fork']
    delete components.schemas.EventSessionIdle
    Object.assign(paths, { '/session/{sessionID}/interrupt': moved })
    Object.assign(Session?.properties ?? {}, {
      owner: { type: 'object', properties: { name: { type: 'string' } } },
    })
    delete Session?.properties.time?.properties.compacting
    Object.assign(Todo?.properties ?? {}, {
      priority: { type: ['integer', 'null'] },
    })
    if (Todo !== undefined) Todo.required = ['content']
    SessionStatus?.anyOf.push({
      type: 'object',
      properties: { type: { enum: ['paused'] } },
      required: ['type'],
    } as never)
    const command = await programWith({ paths, components })
    expect(generate('--diff', '--command', command).output).toMatchInlineSnapshot(`
      "OpenCode 1.18.33 → 2.0.0: 9 changed
      removed: EventSessionIdle: an object
      added: Session.owner: an object, optional
      removed: Session.time.compacting: number, optional
      changed: SessionStatus: idle | retry | busy → idle | retry | busy | paused
      added: SessionStatus[paused].type: 'paused'
      changed: Todo.priority: string → number | null, optional
      changed: Todo.status: string → string, optional
      changed: session.abort: POST /session/{sessionID}/abort → POST /session/{sessionID}/interrupt
      removed: session.fork: POST /session/{sessionID}/fork
      "
    `)
    expect(generate('--check', '--command', command)).toMatchObject({
      status: 1,
    })
  })

  it('are not generated from a server that lacks an operation, or says what cannot be read', async () => {
    const lacking = structuredClone(document)
    delete lacking.paths['/session/{sessionID}/fork']
    const lack = generate('--command', await programWith(lacking))
    expect(lack).toMatchObject({
      status: 1,
      output: expect.stringContaining('the document lacks session.fork'),
    })
    const strange = structuredClone(document)
    Object.assign(strange.components.schemas.Todo ?? {}, { not: {} })
    const unread = generate('--command', await programWith(strange))
    expect(unread).toMatchObject({
      status: 1,
      output: expect.stringContaining('the schema of "Todo": "not" is not known'),
    })
    expect(generate('--check').status).toBe(0)
  })
})

const PROGRAM = `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const port = Number(process.argv[process.argv.indexOf('--port') + 1])
const document = readFileSync(import.meta.dirname + '/document.json')
const health = '{"healthy":true,"version":"2.0.0"}'
const server = createServer(({ url }, response) => {
  response.setHeader('content-type', 'application/json').end(url === '/doc' ? document : health)
})
server.listen(port, '127.0.0.1', () => console.log('opencode server listening on http://127.0.0.1:' + port))
`
