import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import type { AnswerDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { tmuxPlace } from './support/place.ts'

const scope = perTest()

/** An agent that runs the command for questions as its context prints it, keeps the answer, and starts an agent of its own. */
const ASKER = `
line() { grep " $1 " "$ORCH_WORKSPACE/SPAWN_CONTEXT.md" | head -n 1; }
eval "$(line 'ask QUESTION' | sed "s/ QUESTION/ 'Which one?'/")" >"$ORCH_WORKSPACE/got.txt"
eval "$(line 'ask QUESTION' | sed "s/ ask QUESTION .*//") spawn Child --backend tmux --program -- cat" >"$ORCH_WORKSPACE/child.txt" 2>&1
exec cat`

it('an agent in tmux asks by the command in its context, gets its answer from it alone, and is the parent of what it starts', async () => {
  const place = await scope.use(tmuxPlace())
  const id = await place.spawn('Ask', '--program', '--', '/bin/sh', '-c', ASKER)
  const [request] = await eventually(async () => {
    const { requests } = await place.json<AnswerDocument>('answer', id)
    return requests.length > 0 && requests
  })
  expect(request).toMatchObject({ kind: 'question', text: 'Which one?' })
  expect(await place.orch('wait', id)).toMatchObject({ code: 23 })
  expect(await place.json('answer', id, 'the second')).toMatchObject({ receipt: { delivery: 'confirmed' } })
  const own = join(place.project, '.orch', 'workspace', id)
  expect(await eventually(() => readFile(join(own, 'got.txt'), 'utf8'))).toBe('the second\n')
  const child = await eventually(async () => {
    const { agents } = await place.json<StatusDocument>('status')
    return agents.find(({ parent }) => parent === id)
  })
  expect((await place.orch('status', '--tree')).stdout).toContain(`└─ ${child.id}`)
  const { stdout } = await place.orch('tail', id)
  expect(stdout).not.toContain('the second')
})
