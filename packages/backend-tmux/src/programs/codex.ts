import type { Program } from './program.ts'

/** Codex. Its hooks need a trust that only the user can give, so it shows nothing but its process yet. */
export const codex: Program = {
  spec: { name: 'codex', command: 'codex', args: [], env: {}, promptBy: 'argument' },
  hooks: null,
}
