import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { type AgentRef, type AnswerResult, recheck } from '@orch/core'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { answerRequest } from '../src/answer.ts'

const scope = perTest()
const ID = '1000-1'

/** An agent whose program has told of a request, and the pipe for the answer to it. */
async function asking(
  more: object = { tool_name: 'tool', tool_input: {} },
): Promise<{ agent: AgentRef; pipe: string }> {
  const { path } = await scope.use(temporaryFolder())
  const events = join(path, 'run')
  const asked = { hook_event_name: 'PermissionRequest', ...more }
  writeFileSync(events, `${ID} ${JSON.stringify(asked)}\n`)
  const pipe = `${events}.${ID}.ask`
  execFileSync('mkfifo', [pipe])
  const handle = {
    ...{ server: { pid: process.pid, startTime: 0 }, window: '@0', pane: '%0', panePid: process.pid, tty: '/dev/null' },
    ...{ run: 'run', log: join(path, 'log'), exit: join(path, 'exit'), program: 'claude', events },
  }
  return { agent: { id: 'a', target: {}, handle, directory: path, facts: null, attempts: [] }, pipe }
}

const allow = (agent: AgentRef): Promise<AnswerResult> =>
  answerRequest(agent, { requestId: ID, choice: 'allow', text: null }, new AbortController().signal)

/** Whether nothing more fits into a pipe that somebody reads from. */
function isFull(pipe: string): boolean {
  const end = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    writeSync(end, ' ')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN'
  } finally {
    closeSync(end)
  }
}

describe('answerRequest()', () => {
  it('waits for a hook that has told of its request and is about to read the answer', async () => {
    const { agent, pipe } = await asking()
    const answering = allow(agent)
    const hook = spawn('sh', ['-c', 'cat "$0" && rm "$0"', pipe], { stdio: ['ignore', 'pipe', 'ignore'] })
    scope.defer(() => {
      hook.kill('SIGKILL')
    })
    const read = once(hook.stdout, 'data')
    expect(await answering).toMatchObject({ result: 'answered' })
    expect(JSON.parse(String(await read))).toMatchObject({ hookSpecificOutput: { decision: { behavior: 'allow' } } })
  })

  it('hands over an answer whole that is larger than the pipe', async () => {
    const plan = 'step '.repeat(60_000)
    const { agent, pipe } = await asking({ tool_name: 'ExitPlanMode', tool_input: { plan } })
    const answering = allow(agent)
    const script = 'exec 3<"$0"; echo opened; read -r go; answer=$(cat <&3); rm "$0"; printf %s "$answer"'
    const hook = spawn('sh', ['-c', script, pipe], { stdio: ['pipe', 'pipe', 'ignore'] })
    scope.defer(() => {
      hook.kill('SIGKILL')
    })
    await once(hook.stdout, 'data')
    const read = text(hook.stdout)
    const full = (): true | undefined => isFull(pipe) || undefined
    await recheck(full, { timeoutMs: 2_000, everyMs: 10 })
    hook.stdin.end('go\n')
    expect(await answering).toMatchObject({ result: 'answered' })
    expect(JSON.parse(await read).hookSpecificOutput.decision.updatedInput).toEqual({ plan })
  })

  it('finds a request gone whose hook nobody runs any more', async () => {
    const { agent } = await asking()
    expect(await allow(agent)).toMatchObject({ result: 'gone' })
  })
})
