import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { identifyProcess } from '../../src/process-owner.ts'
import { type Command, type CommandEnd, runCommand } from '../../src/verify/run-command.ts'
import { useFixtures } from '../harness/fixture.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
let directory: string

beforeEach(async () => {
  directory = (await scope.use(temporaryFolder())).path
})

async function run(words: string[], options: Partial<Command> = {}): Promise<CommandEnd & { readonly output: string }> {
  const parts: Buffer[] = []
  const end = await runCommand({
    words,
    directory,
    env: process.env,
    timeoutMs: 20_000,
    onOutput: (bytes) => parts.push(bytes),
    ...options,
  })
  return { ...end, output: Buffer.concat(parts).toString() }
}

/** A command that writes down who it and a child of its own are, and stays. */
const STAYS = ['sh', '-c', 'tail -f /dev/null & echo $$ $! > pids.part; mv pids.part pids; wait']

async function pids(): Promise<number[]> {
  return eventually(() => readFileSync(join(directory, 'pids'), 'utf8').trim().split(' ').map(Number))
}

const expectGone = (all: readonly number[]): Promise<unknown> =>
  eventually(() => all.every((pid) => identifyProcess(pid) === null))

describe('runCommand()', () => {
  it('runs the words as they are, in the directory, with both outputs in order and no input', async () => {
    const script = 'echo "$1"; echo err >&2; pwd; cat; exit 7'
    const end = await run(['sh', '-c', script, 'x', '$(touch no); a  "b" \'c\' *'])
    expect(end).toMatchObject({ exitCode: 7, signal: null, timedOut: false })
    expect(end.output).toBe(`$(touch no); a  "b" 'c' *\nerr\n${directory}\n`)
  })

  it('ends with 127 when there is no such program', async () => {
    expect(await run(['no-such-program-2345', 'x'])).toMatchObject({ exitCode: 127, signal: null })
  })

  it('cannot start where no directory is', async () => {
    expect(await run(['true'], { directory: join(directory, 'gone') })).toMatchObject({ exitCode: null, signal: null })
  })

  it('leaves nothing running that the command left behind', async () => {
    const end = await run(['sh', '-c', 'tail -f /dev/null & echo $! > pids'])
    expect(end).toMatchObject({ exitCode: 0 })
    await expectGone(await pids())
  })

  it('kills the whole group when its time is over, also what does not want to end', async () => {
    const words = ['sh', '-c', `trap "" TERM; ${STAYS[2]}; wait; wait`]
    const end = await run(words, { timeoutMs: 300 })
    expect(end).toMatchObject({ timedOut: true, signal: 'SIGKILL' })
    await expectGone(await pids())
  })

  it('kills the whole group at abort, and rejects with its reason', async () => {
    const controller = new AbortController()
    const running = run(STAYS, { signal: controller.signal })
    const all = await pids()
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expectGone(all)
  })

  it('is killed with the whole group when this process is killed', async () => {
    const fixture = await fixtures.start('run-command', [directory, ...STAYS])
    const all = await pids()
    process.kill(fixture.pid, 'SIGKILL')
    expect(await fixture.ended).toMatchObject({ signal: 'SIGKILL' })
    await expectGone(all)
  })

  it('does not wait for what left the group with the output in its hands', async () => {
    const daemon = 'echo $$ > pids.part; mv pids.part pids; exec tail -f /dev/null'
    const script = `setsid sh -c '${daemon}' & while [ ! -e pids ]; do :; done; echo done`
    const end = await run(['sh', '-c', script])
    expect(end).toMatchObject({ exitCode: 0, output: 'done\n' })
    for (const pid of await pids()) process.kill(pid, 'SIGKILL')
  })
})
