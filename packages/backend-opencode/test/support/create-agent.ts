import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { opencode } from '../../src/index.ts'

/** `node create-agent.mjs STATE DIRECTORY ID`: prints `ready`, waits for the end of its input, creates an agent, prints the epoch. */
const [stateDirectory = '', directory = '', id = ''] = process.argv.slice(2)
const host = { name: 'opencode', stateDirectory, namespace: 'test00000000', env: process.env }
const backend = opencode()(host)
const workspace = join(directory, '.orch', 'workspace', id)
mkdirSync(workspace, { recursive: true })
process.stdout.write('ready\n')
for await (const _ of process.stdin);
const { epoch } = await backend.create(
  {
    id,
    title: 'One of many',
    prompt: '',
    project: directory,
    directory,
    workspace,
    target: backend.target,
    program: null,
    programName: null,
    model: null,
    mode: null,
    permission: null,
    permissionRules: [],
    env: {},
  },
  new AbortController().signal,
)
await backend.close()
process.stdout.write(`${epoch}\n`)
