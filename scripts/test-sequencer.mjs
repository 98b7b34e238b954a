import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

const root = new URL('..', import.meta.url).pathname

/**
 * The files that take longest. On a machine that never ran them, jest begins with the largest files, and these are short:
 * the last one would run alone for minutes while the other cores have nothing to do.
 */
const LONGEST = [
  'packages/backend-opencode/test/contract.test.ts',
  'tests/faults/faults.test.ts',
  'tests/kill/random-tmux.test.ts',
  'tests/stories/opencode-server.test.ts',
  'packages/backend-tmux/test/contract-hooked.test.ts',
  'tests/bench/bench.test.ts',
  'tests/kill/barriers-tmux.test.ts',
  'tests/kill/barriers-opencode.test.ts',
  'tests/stories/tmux-opencode.test.ts',
  'tests/packages/backend-example.test.ts',
  'tests/stories/recovery.test.ts',
  'tests/stories/counts.test.ts',
  'tests/kill/random-opencode.test.ts',
  'packages/backend-tmux/test/contract.test.ts',
  'tests/bad-days/project-path.test.ts',
  'packages/backend-opencode/test/requests-count.test.ts',
]

/** The longest files first, then jest's own order. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const gone = LONGEST.find((name) => !existsSync(join(root, name)))
    if (gone !== undefined)
      throw new Error(`Cannot order the tests: "${gone}" is gone; mend scripts/test-sequencer.mjs`)
    const names = new Map(tests.map((test) => [relative(root, test.path), test]))
    const first = LONGEST.flatMap((name) => names.get(name) ?? [])
    return [...first, ...super.sort(tests.filter((test) => !first.includes(test)))]
  }
}
