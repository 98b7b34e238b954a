// Subscribes to the server's events and prints the text of some sessions as it comes.
const [url, authorization, ...ids] = process.argv.slice(2)
const sessions = new Set(ids)
const { body } = await fetch(`${url}/global/event`, { headers: { authorization } })
const decoder = new TextDecoder()
let rest = ''
for await (const bytes of body) {
  const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
  rest = lines.pop()
  for (const line of lines) {
    if (!line.startsWith('data:')) continue
    const { type, properties } = JSON.parse(line.slice(5)).payload ?? {}
    if (type === 'message.part.delta' && sessions.has(properties.sessionID)) process.stdout.write(properties.delta)
  }
}
