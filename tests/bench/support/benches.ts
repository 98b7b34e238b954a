import { fleet } from '../fleet.ts'
import { hooked } from '../hooked.ts'
import { memory } from '../memory.ts'
import { registry } from '../registry.ts'
import { send } from '../send.ts'
import { spawn } from '../spawn.ts'
import { startUp } from '../start-up.ts'
import { status } from '../status.ts'
import { tail } from '../tail.ts'
import { wait } from '../wait.ts'
import type { Bench } from './bench.ts'

/** Every bench, in the order of the table. */
export const BENCHES: readonly Bench[] = [startUp, status, spawn, send, tail, wait, hooked, fleet, registry, memory]
