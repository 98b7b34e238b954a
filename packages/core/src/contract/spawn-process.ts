import { text } from 'node:stream/consumers'
import type { BackendModule } from '../backend.ts'
import { type SpawnOrder, spawnOne } from './spawn-elsewhere.ts'

/** One of the processes of `spawnAtOnce`: says that it is ready, waits for its order, spawns, and prints the id. */
process.stdout.write('ready\n')
const order = JSON.parse(await text(process.stdin)) as SpawnOrder
const { module, options, host } = order.elsewhere
const { createBackend } = (await import(module)) as BackendModule
const id = await spawnOne(order, () => createBackend(options)({ ...host, env: process.env }))
process.stdout.write(`${id}\n`)
