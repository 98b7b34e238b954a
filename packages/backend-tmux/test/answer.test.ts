import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRef, AnswerResult } from '@orch/core'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { answerRequest } from '../src/answer.ts'

const scope = perTest()
const ID = '1000-1'

/** An agent whose program has told of a request, and the pipe for the answer to it. */
async function asking(): Promise<{ agent: AgentRef; pipe: string }> {
  const { path } = await scope.use(temporaryFolder())
  const events = join(path, 'run')
  const asked = { hook_event_name: 'PermissionRequest', tool_name: 'tool', tool_input: {} }
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

  it('finds a request gone whose hook nobody runs any more', async () => {
    const { agent } = await asking()
    expect(await allow(agent)).toMatchObject({ result: 'gone' })
  })
})
