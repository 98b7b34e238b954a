import { killAtBarriers } from './support/kill-at-barriers.ts'
import { tmuxBackend } from './support/world.ts'

killAtBarriers(tmuxBackend)
