import { createOpenCodeClient } from '@orch/backend-opencode/client'

const { OPENCODE_URL: url = 'http://127.0.0.1:4096', OPENCODE_SERVER_PASSWORD: password } = process.env
const client = createOpenCodeClient({ url, password, directory: process.cwd() })
const { id: sessionId } = await client.sessions.create({ title: 'Greeting' })

for await (const item of client.events({ directory: process.cwd() })) {
  if (item.type === 'ready') await client.promptAsync({ sessionId, text: process.argv[2] ?? 'Write hello.txt' })
  if (item.type === 'gap' && (await client.status())[sessionId] === undefined) break // it may have ended unseen
  if (item.type !== 'event' || item.event.properties.sessionID !== sessionId) continue
  const { type, properties } = item.event
  if (type === 'permission.asked') await client.permissions.reply({ requestId: properties.id, reply: 'once' })
  if (type === 'session.idle') break
}

for (const { tool, state } of await client.toolCalls(sessionId)) console.log(tool, state.status)
await client.sessions.archive(sessionId)
client.close()
