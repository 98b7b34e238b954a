import type { Program } from './program.ts'

/** OpenCode in a terminal; its server, which `@orch/backend-opencode` works with, shows far more. */
export const opencode: Program = {
  spec: { name: 'opencode', command: 'opencode', args: ['--prompt'], env: {}, promptBy: 'argument' },
  hooks: null,
}
