import { opencode } from '@orch/backend-opencode'
import { tmux } from '@orch/backend-tmux'
import { answer, complete, openOrch, spawn, wait } from '@orch/core'

/** Gives each task to an agent of its own, lets them edit but run nothing, and completes what they report as done. */
const backends = { opencode: opencode(), tmux: tmux() }
const orch = await openOrch({ backends, command: ['npx', '@orch/cli'] })
const open = new Set()
for (const task of process.argv.slice(2)) open.add((await spawn(orch, { task })).agent.id)

while (open.size > 0) {
  const { outcome, agents } = await wait(orch, [...open], { mode: 'any', timeoutMs: 3_600_000 })
  if (outcome === 'timeout') break
  for (const { agent } of agents) await takeCareOf(agent)
}
for (const id of open) console.log(`${id}: not done in an hour`)
process.exitCode ||= open.size > 0 ? 1 : 0
await orch.close()

async function takeCareOf({ id, state, reason, requests }) {
  if (['starting', 'working', 'running', 'unknown'].includes(state)) return
  if (state === 'waiting') {
    for (const request of requests) await answer(orch, id, { requestId: request.id, ...replyTo(request) })
    return
  }
  open.delete(id)
  if (state === 'done') {
    const [{ ok, checks }] = (await complete(orch, [id])).results
    for (const { name, result, text } of checks) console.log(`${id}: ${result} ${name}: ${text}`)
    if (ok) return
  }
  console.log(`${id}: ${state}: ${reason.text}`)
  process.exitCode = 1
}

function replyTo({ kind, text }) {
  if (kind === 'permission') return { choice: text.startsWith('edit:') ? 'allow' : 'deny' }
  return { text: 'Decide that yourself, and say why' }
}
