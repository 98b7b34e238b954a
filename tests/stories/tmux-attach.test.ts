import { describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent } from './support/program.ts'
import { openTerminal, type Terminal } from './support/terminal.ts'

const scope = perTest()

const openViewer = (place: Place, id: string, ...args: readonly string[]): Promise<Terminal> =>
  scope.use(openTerminal(place, process.execPath, orchProgram, 'attach', id, ...args))

const sizeOf = (place: Place, id: string): Promise<string> =>
  place.tmux.tmux('display-message', '-p', '-t', `orch:=${id}`, '#{window_width}x#{window_height}')

const lastWordTo = async (place: Place, id: string): Promise<string | undefined> => (await receivedBy(place, id)).at(-1)

describe('attach to an agent in tmux', () => {
  it('shows its window to a person who types, at the size that it has, and leaves it as it is', async () => {
    const place = await scope.use(tmuxPlace())
    const id = await place.spawn('Task', ...interactiveAgent)
    await eventually(async () => (await receivedBy(place, id)).length > 0, { what: 'the task' })
    const before = await sizeOf(place, id)
    const viewer = await openViewer(place, id)
    await eventually(async () => (await viewer.screen()).includes('agent ready'), { what: 'the window' })
    await viewer.press('typed by hand', 'Enter')
    await eventually(async () => (await lastWordTo(place, id)) === 'typed by hand', { what: 'what was typed' })
    expect(await sizeOf(place, id)).toBe(before)
    await viewer.press('C-b', 'd')
    await eventually(async () => (await viewer.process()) === undefined, { what: 'the end of the viewer' })
    expect(await place.agent(id)).toMatchObject({ state: 'running' })
  })

  it('with --read-only shows it, and nothing that is typed arrives', async () => {
    const place = await scope.use(tmuxPlace())
    const id = await place.spawn('Task', ...interactiveAgent)
    await eventually(async () => (await receivedBy(place, id)).length > 0, { what: 'the task' })
    const viewer = await openViewer(place, id, '--read-only')
    await eventually(async () => (await viewer.screen()).includes('agent ready'), { what: 'the window' })
    await viewer.press('typed by hand', 'Enter')
    expect(await place.orch('send', id, 'sent after it')).toMatchObject({ code: 0 })
    await eventually(async () => (await lastWordTo(place, id)) === 'sent after it', { what: 'what was sent' })
    expect(await receivedBy(place, id)).not.toContain('typed by hand')
  })
})
