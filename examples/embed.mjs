import { mkdtempSync, rmSync } from 'node:fs'
import { answer, complete, openOrch, reportPhase, spawn, tail, wait } from '@orch/core'
import { memory } from '@orch/core/memory'

const folder = mkdtempSync('/tmp/orch-') // leave "directory" and "env" out for your own project, records and configuration
const orch = await openOrch({ directory: folder, env: { HOME: folder }, backends: { memory: memory() } })
const task = 'Fix the login redirect [[permission: npm test]] [[answer: All tests pass]]'
const { agent } = await spawn(orch, { task })

const { outcome, agents } = await wait(orch, [agent.id])
console.log(outcome, agents[0].agent.reason.text)
await answer(orch, agent.id, { choice: 'allow' })
await wait(orch, [agent.id], { until: ['idle'] })

for await (const line of tail(orch, agent.id, { last: 1 })) if (line.type === 'item') console.log(line.item.text)

await reportPhase(orch, { id: agent.id, phase: 'Complete' }) // real agents do this themselves: "orch phase"
const { results } = await complete(orch, [agent.id])
for (const { name, result, text } of results[0].checks) console.log(result, name, text)
await orch.close()
rmSync(folder, { recursive: true })
