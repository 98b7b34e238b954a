const manifest = (name: string, exports: readonly string[] = ['.']): string =>
  JSON.stringify({ name, exports: Object.fromEntries(exports.map((path) => [path, './dist/index.js'])) })

/** The smallest repository that satisfies every layout rule. */
export const CONFORMING_TREE: Record<string, string> = {
  'package-lock.json': '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }',
  'README.md': '# orch',
  'packages/core/package.json': manifest('@orch/core', ['.', './contract', './memory']),
  'packages/core/README.md': '# core',
  'packages/core/src/index.ts': `export { pause } from './timing.ts'\n`,
  'packages/core/src/timing.ts': 'export const pause = (end: () => void, ms: number) => setTimeout(end, ms)\n',
  'packages/backend-tmux/package.json': manifest('@orch/backend-tmux'),
  'packages/backend-tmux/README.md': '# tmux',
  'packages/backend-tmux/src/index.ts': `export { tmux } from './backend.ts'\n`,
  'packages/backend-tmux/src/backend.ts': `import type { Backend } from '@orch/core'\nexport const tmux = {} as Backend\n`,
  'packages/backend-tmux/src/capabilities.ts': 'export const capabilities = []\n',
  'packages/backend-tmux/src/client.ts': `const name = 'tmux'\n`,
  'packages/backend-tmux/src/parse.ts': `export const pattern = /['"]/\n// setTimeout(\n`,
  'packages/backend-tmux/src/options.ts': 'export interface TmuxOptions {}\n',
  'packages/backend-tmux/test/contract.test.ts': `import { runBackendContract } from '@orch/core/contract'\n`,
  'packages/cli/package.json': manifest('@orch/cli', ['./package.json']),
  'packages/cli/README.md': '# cli',
  'packages/cli/bin/orch.js': `import('../dist/main.js')\n`,
  'packages/cli/src/main.ts': 'process.exitCode = 1\n',
  'packages/cli/src/define-command.ts': 'export function defineCommand() {}\n',
  'packages/cli/src/context.ts': 'export {}\n',
  'packages/cli/src/options.ts': 'export {}\n',
  'packages/cli/src/output.ts': 'export const out = process.stdout\n',
  'packages/cli/src/exit-codes.ts': 'export {}\n',
  'packages/cli/src/backends.ts': `export const backends = { tmux: () => import('@orch/backend-tmux') }\n`,
  'packages/cli/src/commands/status.ts': `import { defineCommand } from '../define-command.ts'\nexport default defineCommand()\n`,
  'tests/story.test.ts': `import { spawn } from '@orch/core'\nimport { model } from './model.ts'\n`,
  'tests/model.ts': 'export const model = 1\n',
}
