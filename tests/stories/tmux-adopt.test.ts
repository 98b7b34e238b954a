import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { AdoptDocument, CleanDocument, CompleteDocument, RecoverDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { type TmuxServer, tmuxServer } from '../harness/tmux-server.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

/** A tmux server of a person, whose one pane runs `cat`. */
async function serverOfPerson(socket: string): Promise<TmuxServer> {
  const start = ['-S', socket, '-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '20', 'cat']
  await promisify(execFile)('tmux', start, { cwd: place.project, env: place.env })
  return tmuxServer(socket)
}

describe('what a person started in tmux', () => {
  it('is adopted, works as any agent, is completed and cleaned up; one whose server was killed is recovered', async () => {
    const socket = join(place.project, '..', 'person.sock')
    const nowhere = await place.orch('--json', 'adopt', '--socket', socket)
    expect(nowhere).toMatchObject({ code: 69, json: { complete: false, adoptable: [] } })
    const person = await serverOfPerson(socket)

    const listed = await place.orch('adopt', '--socket', socket)
    expect(listed).toMatchObject({ code: 0, stderr: `  → orch adopt PLACE --socket ${socket}\n` })
    const [, pane = ''] = /^(%\d+) +tmux +cat /m.exec(listed.stdout) ?? []
    const { agent } = await place.json<AdoptDocument>('adopt', pane, '--socket', socket, '--task', 'Mend it')
    expect(agent).toMatchObject({ state: 'running', lifecycle: 'active', task: 'Mend it', project: place.project })
    const id = agent?.id as string
    const again = await place.orch('--json', 'adopt', pane, '--socket', socket)
    expect(again).toMatchObject({ code: 73, json: { error: { code: 'AGENT_EXISTS', agent: id } } })
    expect(await place.json('send', id, 'hello')).toMatchObject({ receipt: { delivery: 'accepted' } })
    await eventually(async () => (await person.tmux('capture-pane', '-p')).startsWith('hello\nhello'))

    expect(await place.json('complete', id)).toMatchObject({ code: 40, results: [{ lifecycle: 'active' }] })
    await place.orch('phase', 'Complete', '--id', id)
    const completed = await place.json<CompleteDocument>('complete', id)
    expect(completed).toMatchObject({
      code: 0,
      results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }],
    })
    expect(await person.windows()).toEqual([])

    const left = await place.spawn('Work', '--program', '--', 'cat')
    await place.tmux.tmux('kill-server')
    const lost = { kind: 'stopped', id: left, action: null, next: `orch abandon ${left}` }
    for (const dry of [['--dry-run'], []])
      expect(await place.json<RecoverDocument>('recover', ...dry)).toMatchObject({ code: 0, findings: [lost] })
    expect(await place.agent(left)).toMatchObject({ state: 'lost' })

    const workspaces = [id, left].map((one) => join(place.project, '.orch', 'workspace', one))
    const cleaned = await place.json<CleanDocument>('clean')
    expect(cleaned).toMatchObject({ code: 0 })
    expect(cleaned.results.map((one) => [one.id, one.removed])).toEqual([
      [id, true],
      [left, false],
    ])
    expect(workspaces.map((path) => existsSync(path))).toEqual([false, true])
    expect(await place.json('abandon', left)).toMatchObject({ code: 0, results: [{ stop: { proven: true } }] })
    expect(await place.json('clean', left)).toMatchObject({ code: 0, results: [{ id: left, removed: true }] })
    expect(workspaces.some((path) => existsSync(path))).toBe(false)
    expect(await place.json('recover')).toMatchObject({ findings: [] })
    expect((await place.orch('history')).stdout).toContain(id)
  })
})
