// Follows agents through the installed library, all in this process, and prints their text as it comes.
const [core, openCode, ...ids] = process.argv.slice(2)
const { openOrch, tail } = await import(core)
const { opencode } = await import(openCode)
const orch = await openOrch({ backends: { opencode: opencode() } })
const follow = async (id) => {
  for await (const line of tail(orch, id, { follow: true })) {
    if (line.type === 'delta') process.stdout.write(line.text)
    if (line.type === 'item') process.stdout.write(line.item.text ?? '')
  }
}
await Promise.all(ids.map(follow))
