// Spawns agents at once through the installed library, sends to each when its first turn has ended, prints the text of
// the second one as it comes, and at last the most memory this process ever had resident, in MiB.
import { readFileSync } from 'node:fs'

const [core, openCode, count, task, message] = process.argv.slice(2)
const { openOrch, send, spawn, tail } = await import(core)
const { opencode } = await import(openCode)
const orch = await openOrch({ backends: { opencode: opencode() } })
const run = async (index) => {
  const { agent } = await spawn(orch, { task, name: `fleet-${index}`, wait: true })
  const shown = new Map()
  const ended = new Set()
  let sent = null
  const print = (id, text) => {
    shown.set(id, (shown.get(id) ?? 0) + text.length)
    process.stdout.write(text)
  }
  for await (const line of tail(orch, agent.id, { follow: true, last: 1 })) {
    if (line.type === 'delta') print(line.itemId, line.text)
    if (line.type === 'state' && line.state === 'idle') sent ??= send(orch, agent.id, message, { wait: true })
    if (line.type !== 'item' || line.item.role !== 'assistant') continue
    const { id, text, final } = line.item
    print(id, (text ?? '').slice(shown.get(id)))
    if (final && sent === null) ended.add(id)
    if (final && sent !== null && !ended.has(id)) break
  }
  await sent
}
await Promise.all(Array.from({ length: Number(count) }, (_, index) => run(index)))
await orch.close()
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
process.stdout.write(`\n${peak / 1024}`)
