import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { callOrch } from './harness/call-orch.ts'
import { BIN } from './harness/loaded-packages.ts'
import { createPlace, type Place } from './harness/place.ts'

const run = promisify(execFile)

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(async () => {
  await tmux('kill-server').catch(() => {})
  place.remove()
})

async function tmux(...args: readonly string[]): Promise<string> {
  const socket = join(place.folder, 'watch.sock')
  return (await run('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: place.env })).stdout
}

const spawned = async (task: string, name: string): Promise<string> =>
  (await callOrch(place, ['spawn', task, '--name', name])).stdout.trim()

describe('orch status --watch', () => {
  it('draws each change in its place on a real terminal, and leaves it as it was when it is interrupted', async () => {
    const one = await spawned('one', 'one')
    const command = `echo before; "${process.execPath}" "${BIN}" status --watch; echo "code $?"; exec cat`
    const env = Object.entries({ ...place.env, TERM: 'screen' }).map(([name, value]) => `${name}=${value}`)
    const start = ['-x', '120', '-y', '20', '-c', place.project, 'env', '-i', ...env, 'bash', '-c', command]
    await tmux('new-session', '-d', ...start)
    const screen = async (): Promise<string> => (await tmux('capture-pane', '-p')).trim()
    await eventually(async () => (await screen()).includes(one))
    const two = await spawned('two [[permission: run make]]', 'two')
    await eventually(async () => (await screen()).includes(two))
    const lines = (await screen()).split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['before', 'AGENT', two, one])
    expect(lines[2]).toContain('waiting')
    await tmux('send-keys', 'C-c')
    await eventually(async () => (await screen()).includes('code 130'))
    expect(await tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1\n')
    expect((await screen()).split('\n').filter((line) => line.startsWith('AGENT'))).toHaveLength(1)
  })

  it.each([
    [['status', '--notify', 'x'], 'nothing is watched'],
    [['status', '--watch', '--exit-code'], 'it has no end'],
    [['status', '--watch', '--notify', '"x'], 'a quote that is not closed'],
  ])('refuses %j', async (words, text) => {
    expect(await callOrch(place, words)).toMatchObject({ code: 64, stderr: expect.stringContaining(text) })
  })

  it('ends at once when it is told to', async () => {
    const stop = AbortSignal.abort(new Error('enough'))
    expect(await callOrch(place, ['status', '--watch', '--json'], { signal: stop })).toMatchObject({
      code: 1,
      stdout: '',
    })
  })
})
