import { spawnSync } from 'node:child_process'
import { AGENTS_FOLDER, installAgentPrograms } from './agent-programs.mjs'

/** `npm run bench:states`: see `packages/backend-tmux/test/situations/main.ts`. What runs real programs installs them first. */
const args = process.argv.slice(2)
if (args.includes('--record') || args.includes('--live')) {
  installAgentPrograms()
  process.env.ORCH_TEST_AGENTS = AGENTS_FOLDER
}
const main = 'packages/backend-tmux/test/situations/main.ts'
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--conditions=@orch/source', main, ...args], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
