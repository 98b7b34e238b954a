import { parseArgs } from 'node:util'
import { startScriptedModel } from './scripted-model.ts'

/** `tsx tests/scripted-model/main.ts --port 0` prints the model's base URL as its first line and runs until it is ended. */
const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
const model = await startScriptedModel({ port: Number(values.port) })
process.stdout.write(`${model.url}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void model.close())
