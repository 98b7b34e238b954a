import { killAtBarriers } from './support/kill-at-barriers.ts'
import { openCodeBackend } from './support/world.ts'

killAtBarriers(openCodeBackend)
