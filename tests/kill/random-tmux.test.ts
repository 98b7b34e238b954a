import { killAtRandom } from './support/kill-at-random.ts'
import { tmuxBackend } from './support/world.ts'

killAtRandom(tmuxBackend)
