import { send } from '../send.ts'
import { startUp } from '../start-up.ts'
import { status } from '../status.ts'
import { tail } from '../tail.ts'
import type { Bench } from './bench.ts'

/** Every bench, in the order of the table. */
export const BENCHES: readonly Bench[] = [startUp, status, send, tail]
