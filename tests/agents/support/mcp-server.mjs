// An MCP server that offers nothing and does not end with its client: it ignores the end of its input, HUP and TERM, and writes
// its process id to FILE: mcp-server.mjs FILE
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const RESULTS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'stays', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: [] }),
  ping: () => ({}),
}

for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT']) process.on(signal, () => {})
process.stdout.on('error', () => {})
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  const result = RESULTS[method]?.(params ?? {})
  if (id !== undefined && result !== undefined)
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
})
appendFileSync(process.argv[2], `${process.pid}\n`)
setInterval(() => {}, 1_000_000)
