import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { functionsOf } from './build-layers.mjs'

const sourcesOf = (name) => join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), 'src')

const core = sourcesOf('@orch/core')
const index = join(core, 'index.ts')

/** What most processes do not use of the core, by its modules. */
const SELDOM = [
  'adoption/adopt',
  'clean/clean',
  'config/change-setting',
  'config/settings',
  'history/history',
  'history/trail',
  'init/init-project',
  'orchestrator/abandon',
  'messages/answer',
  'messages/ask',
  'orchestrator/attach',
  'orchestrator/complete',
  'orchestrator/doctor',
  'orchestrator/interrupt',
  'orchestrator/label',
  'spawn/preview-spawn',
  'orchestrator/resume',
  'orchestrator/server',
  'orchestrator/skills',
  'orchestrator/watch-status',
  'spawn/spawn',
  'spawn/spawn-each',
  'recovery/recover-all',
  'worktree/diff',
  'worktree/remove-worktree',
].map((path) => `./${path}.ts`)

export const CORE_LAYERS = [
  {
    name: 'core',
    directory: core,
    exports: [`export * from './index.ts'`],
    index,
    seldom: SELDOM,
    seldomIn: 'core-seldom',
  },
  {
    name: 'core-seldom',
    directory: core,
    exports: SELDOM.map((path) => `export { ${functionsOf(index, path).join(', ')} } from '${path}'`),
    onUse: [
      './queue/drive-project.ts',
      './recovery/recover-on.ts',
      './worktree/make-worktree.ts',
      './worktree/plan-worktree.ts',
      './worktree/remove-worktree.ts',
    ],
  },
]

/** A backend, and those of its modules that `backend.ts` imports when they are called. */
function backendLayers(name, seldom) {
  const directory = sourcesOf(`@orch/${name}`)
  return [
    { name, directory, exports: [`export * from './index.ts'`] },
    { name: `${name}-seldom`, directory, exports: [], onUse: seldom.map((module) => `./${module}.ts`) },
  ]
}

export const TMUX_LAYERS = backendLayers('backend-tmux', [
  'adopt',
  'answer',
  'attach',
  'create',
  'interrupt',
  'probe',
  'resume',
  'stop',
])

export const OPENCODE_LAYERS = backendLayers('backend-opencode', [
  'adopt',
  'answer',
  'attach',
  'create',
  'final-answer',
  'probe',
  'server-control',
  'stop',
])

const cli = join(import.meta.dirname, 'src')

/** The commands that are called in loops, in prompts and by agents. */
const OFTEN = ['check', 'phase', 'send', 'spawn', 'status', 'tail', 'wait'].map((verb) => `${verb}.ts`)

export const CLI_LAYERS = [
  { name: 'main', directory: cli, exports: [`export { main, processIo } from './main.ts'`] },
  { name: 'commands', directory: cli, exports: [], onUse: ['./commands.ts', './run-command.ts'] },
  {
    name: 'commands-seldom',
    directory: cli,
    exports: [],
    onUse: [
      ...readdirSync(join(cli, 'commands'))
        .filter((file) => file.endsWith('.ts') && !OFTEN.includes(file))
        .map((file) => `./commands/${file}`),
      './interrupted.ts',
      './pager.ts',
      './read-text.ts',
      './report-error.ts',
      './spawn/each.ts',
      './unknown-verb.ts',
    ],
  },
]
