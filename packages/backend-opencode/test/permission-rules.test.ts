import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Backend, CreateRequest } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { subagent } from '../../../tests/scripted-model/subagent.ts'
import { permissionRules } from '../src/permission-rules.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
let backend: Backend
beforeAll(async () => {
  const agent = {
    careful: { mode: 'primary', permission: { edit: 'deny', bash: { 'touch *': 'ask' } } },
    general: { permission: { bash: { '*': 'ask', 'echo *': 'allow' } } },
  }
  site = await openSite(scope, undefined, { default_agent: 'careful', agent })
  backend = site.open()
})

const exists = (name: string): boolean => existsSync(join(site.environment.directory, name))

async function run(permission: CreateRequest['permission'], prompt: string): Promise<TestAgent> {
  const agent = await startAgent(backend, site.request({ permission }), `${prompt} [[answer: after]]`)
  expect(await agent.ended()).toMatchObject({ how: 'completed' })
  return agent
}

describe('rules of a mode, on the agent definition that the server uses by default', () => {
  it('allow: what it asks for happens, what it denies does not', async () => {
    await run('allow', '[[shell: touch allowed.a]] [[write: allowed.b | x]]')
    expect([exists('allowed.a'), exists('allowed.b')]).toEqual([true, false])
  })

  it('deny: what only a subagent asks for is denied to that one alone, what nobody asks for happens', async () => {
    const sub = '[[shell: cp /etc/hostname sub.a]] [[shell: printf x > sub.b]] [[answer: went on]]'
    await run('deny', `${subagent(sub)} [[shell: touch own.a]] [[shell: printf x > own.b]] [[write: own.c | x]]`)
    expect(['sub.a', 'sub.b', 'own.a', 'own.b', 'own.c'].map(exists)).toEqual([false, false, false, true, false])
  })

  it('allow with a definition that is named: that one counts', async () => {
    const request = site.request({ permission: 'allow', mode: 'build' })
    const { sessionId } = (await backend.create(request, signal)).handle as { sessionId: string }
    const { permission } = await site.call<{ permission: object[] }>(`/session/${sessionId}`)
    expect(permission).not.toContainEqual(expect.objectContaining({ permission: 'bash' }))
    expect(permission).toContainEqual({ permission: 'external_directory', pattern: '*', action: 'allow' })
  })
})

describe('a request that breaks the list of requests of the server', () => {
  it('leaves the agent unknown, with the reason, and does not keep it from being ended', async () => {
    const own = await openSite(scope, { webfetch: 'ask' })
    const agent = await startAgent(own.open(), own.request(), '[[answer: ready]]')
    await agent.ended()
    await agent.send('[[tool: webfetch | {"url":"http://127.0.0.1:1/","format":"text"}]] [[answer: never]]')
    const seen = await eventually(async () => {
      const { requests, turn } = await agent.observe()
      return !requests.known && { requests, turn }
    })
    expect(seen).toMatchObject({ requests: { reason: { code: 'BACKEND_ERROR' } }, turn: { known: false } })
    expect(await own.open().stop(agent.ref(), signal)).toMatchObject({ proven: true })
  })
})

describe('permissionRules()', () => {
  const workspace = '/shop/.orch/workspace/fix-login-7k3q'
  const request = { permission: null, permissionRules: [], workspace, mode: null }
  const reach = { permission: 'external_directory', pattern: `${workspace}/*`, action: 'allow' }

  it('leaves everything as configured, but for the folder of the workspace', () => {
    expect(permissionRules(request, [])).toEqual([reach])
  })

  it('puts the rules given after those of the mode, and the workspace after all', () => {
    const given = [{ permission: 'bash', pattern: 'git *', action: 'allow' }] as const
    const rules = permissionRules({ ...request, permission: 'ask', permissionRules: given }, [])
    expect(rules.map(({ permission, pattern, action }) => `${permission} ${pattern} ${action}`)).toEqual([
      'bash * deny',
      'edit * deny',
      'bash * ask',
      'edit * ask',
      'bash git * allow',
      `external_directory ${workspace}/* allow`,
      'edit *workspace/fix-login-7k3q/* allow',
    ])
  })

  it.each(['*', 'webfetch', 'websearch', 'glob', 'grep'])(
    'refuses to ask for %s, which cannot be listed',
    (permission) => {
      const rule = { permission, pattern: '*', action: 'ask' } as const
      expect(() => permissionRules({ ...request, permissionRules: [rule] }, [])).toThrow(/cannot list such a request/)
    },
  )
})
