import { killAtRandom } from './support/kill-at-random.ts'
import { openCodeBackend } from './support/world.ts'

killAtRandom(openCodeBackend)
