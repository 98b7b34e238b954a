// Ends as soon as the session is idle and its answer complete, as far as the server's events say.
const [url, authorization, session] = process.argv.slice(2)
const { body } = await fetch(`${url}/global/event`, { headers: { authorization } })
const decoder = new TextDecoder()
const seen = { idle: false, answer: false }
let rest = ''
for await (const bytes of body) {
  const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
  rest = lines.pop()
  for (const line of lines) {
    if (!line.startsWith('data:')) continue
    const { type, properties } = JSON.parse(line.slice(5)).payload ?? {}
    if (type === 'session.idle' && properties.sessionID === session) seen.idle = true
    const info = type === 'message.updated' ? properties.info : undefined
    if (info?.sessionID === session && info.role === 'assistant' && info.time.completed) seen.answer = true
  }
  if (seen.idle && seen.answer) process.exit(0)
}
