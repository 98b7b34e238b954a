import { chmod, chown, cp, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type OrchOptions, orch, orchProgram } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { expectRefused } from '../stories/support/expect-refused.ts'
import { type Place, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { runningAgent } from '../stories/support/running.ts'
import { errorOf } from './support/error-of.ts'

/** A user that the system has no entry for. */
const STRANGER = 42_424

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

describe('a state folder of another user', () => {
  it('is not trusted by root, who could read it', async () => {
    await mkdir(place.state, { recursive: true })
    await chown(place.state, STRANGER, STRANGER)
    const foreign = { code: 'PERMISSION_DENIED', exitCode: 77, says: `user ${STRANGER}` }
    await expectRefused(
      place,
      { args: ['status'], ...foreign },
      { args: ['spawn', 'x', ...interactiveAgent], ...foreign },
      { args: ['send', 'x', 'y'], ...foreign },
      { args: ['abandon', 'x'], ...foreign },
      { args: ['doctor'], ...foreign },
    )
  })

  it('is not trusted when others may write to it', async () => {
    await mkdir(place.state, { recursive: true })
    await chmod(place.state, 0o770)
    const open = { code: 'PERMISSION_DENIED', exitCode: 77, says: 'chmod 700' }
    await expectRefused(place, { args: ['status'], ...open }, { args: ['spawn', 'x', ...interactiveAgent], ...open })
    await chmod(place.state, 0o700)
    expect(await place.json('status')).toMatchObject({ code: 0, agents: [] })
  })

  it('is closed to that user, who is told so; its agents go on', async () => {
    const id = await runningAgent(place, 'Task')
    const stranger = await asStranger()
    await chmod(dirname(place.project), 0o711)
    await chmod(place.env.HOME as string, 0o711)
    for (const args of [['status'], ['spawn', 'x', ...interactiveAgent], ['send', id, 'x'], ['abandon', id]]) {
      const run = await orch(['--json', ...args], stranger)
      expect({ args, ...errorOf(run) }).toMatchObject({
        args,
        code: 'PERMISSION_DENIED',
        exitCode: 77,
        outcome: 'none',
      })
    }
    expect(await readdir(stranger.cwd)).toEqual([])
    expect(await place.agent(id)).toMatchObject({ state: 'running' })
  })
})

describe('a user without a home', () => {
  it('is told to set HOME', async () => {
    const { HOME: _, XDG_STATE_HOME: __, XDG_CONFIG_HOME: ___, ...env } = place.env
    for (const home of [undefined, '', 'relative']) {
      const stranger = await asStranger({ ...env, ...(home !== undefined && { HOME: home }) })
      expect(errorOf(await orch(['--json', 'status'], stranger))).toMatchObject({
        code: 'CONFIG_INVALID',
        hint: 'Set HOME to an absolute path',
      })
    }
  })
})

/** A copy of the program that anybody may read, and an own folder to work in. */
async function asStranger(env: Record<string, string> = place.env): Promise<OrchOptions> {
  const { path } = await scope.use(temporaryFolder())
  const source = dirname(dirname(orchProgram))
  for (const name of ['bin', 'bundle', 'package.json'])
    await cp(join(source, name), join(path, name), { recursive: true })
  const cwd = join(path, 'work')
  await mkdir(cwd)
  await chown(cwd, STRANGER, STRANGER)
  await chmod(path, 0o755)
  return { env, cwd, uid: STRANGER, program: join(path, 'bin', 'orch.js') }
}
