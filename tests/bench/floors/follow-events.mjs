// Subscribes to the server's events, then prints the newest 20 messages and every event that comes.
const [url, authorization, directory, session] = process.argv.slice(2)
const headers = { authorization, 'x-opencode-directory': encodeURIComponent(directory) }
const ended = new AbortController()
process.once('SIGTERM', () => ended.abort())
const { body } = await fetch(`${url}/global/event`, { headers, signal: ended.signal })
const events = body[Symbol.asyncIterator]()
await events.next()
const page = await fetch(`${url}/session/${session}/message?limit=20`, { headers })
process.stdout.write(await page.text())
try {
  for await (const bytes of { [Symbol.asyncIterator]: () => events }) process.stdout.write(bytes)
} catch (error) {
  if (!ended.signal.aborted) throw error
}
