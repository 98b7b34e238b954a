// Subscribes to the server's events, then prints the newest 20 messages and every event that comes.
import { get } from 'node:http'

const [url, authorization, directory, session] = process.argv.slice(2)
const headers = { authorization, 'x-opencode-directory': encodeURIComponent(directory) }
get(`${url}/global/event`, { headers }, (events) => {
  events.once('data', () =>
    get(`${url}/session/${session}/message?limit=20`, { headers }, (page) => {
      page.pipe(process.stdout, { end: false })
      page.once('end', () => events.pipe(process.stdout))
    }),
  )
})
process.once('SIGTERM', () => process.exit(0))
