import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { CONFORMING_TREE } from './conforming-tree.ts'
import { runScript } from './run-script.ts'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

interface Violation {
  readonly claim: string
  readonly plant?: Record<string, string>
  readonly remove?: string
  readonly reported: string
}

const note = ['TO', 'DO'].join('')
const skippedTest = ['it', 'skip'].join('.')
const machinePath = ['', 'work', 'main', 'file'].join('/')
const core = 'packages/core/src/state.ts'
const tmux = 'packages/backend-tmux/src/send.ts'
const cli = 'packages/cli/src/render.ts'
const command = 'packages/cli/src/commands/status.ts'

const VIOLATIONS: readonly Violation[] = [
  {
    claim: 'a package named unlike its folder',
    plant: { 'packages/core/package.json': '{"name":"@orch/kernel","exports":{".":"","./contract":""}}' },
    reported: 'packages/core/package.json  is named "@orch/kernel"',
  },
  {
    claim: 'a folder without a package',
    plant: { 'packages/extra/src/a.ts': '' },
    reported: 'packages/extra/package.json  is missing',
  },
  {
    claim: 'a backend without a core file',
    remove: 'packages/backend-tmux/src/parse.ts',
    reported: 'packages/backend-tmux/src/parse.ts  is missing',
  },
  {
    claim: 'a backend without a client',
    remove: 'packages/backend-tmux/src/client.ts',
    reported: 'packages/backend-tmux/src/client.ts  is missing',
  },
  {
    claim: 'a CLI without its exit codes',
    remove: 'packages/cli/src/exit-codes.ts',
    reported: 'packages/cli/src/exit-codes.ts  is missing',
  },
  {
    claim: 'a contract test that grew cases of its own',
    plant: { 'packages/backend-tmux/test/contract.test.ts': 'run()\n'.repeat(21) },
    reported: 'packages/backend-tmux/test/contract.test.ts  has 21 lines',
  },
  {
    claim: 'two commands in one file',
    plant: { [command]: 'export const a = defineCommand({})\nexport default defineCommand({})\n' },
    reported: `${command}  defines 2 commands`,
  },
  {
    claim: 'a helper between the commands',
    plant: { 'packages/cli/src/commands/table-layout.ts': 'export const a = 1\n' },
    reported: 'table-layout.ts  defines 0 commands',
  },
  {
    claim: 'a folder between the commands',
    plant: { 'packages/cli/src/commands/server/start.ts': 'export default defineCommand()\n' },
    reported: 'start.ts  is not commands/<verb>.ts',
  },
  {
    claim: 'core importing a backend',
    plant: { [core]: `import { tmux } from '@orch/backend-tmux'\n` },
    reported: `${core}:1  imports "@orch/backend-tmux": core imports no other package`,
  },
  {
    claim: 'core importing the CLI for a type only',
    plant: { [core]: `const a = 1\nimport type {\n  B,\n} from '@orch/cli'\n` },
    reported: 'imports "@orch/cli": core imports no other package',
  },
  {
    claim: 'a backend importing another package',
    plant: { [tmux]: `export { main } from '@orch/cli'\n` },
    reported: `${tmux}:1  imports "@orch/cli": a backend imports only @orch/core`,
  },
  {
    claim: 'a source using the contract suite',
    plant: { [tmux]: `import { cases } from '@orch/core/contract'\n` },
    reported: 'imports "@orch/core/contract": is for tests',
  },
  {
    claim: 'the CLI importing a backend outside the table',
    plant: { [cli]: `const load = () => import('@orch/backend-tmux')\n` },
    reported: `${cli}:1  imports "@orch/backend-tmux": backends are named only in`,
  },
  {
    claim: 'the table importing a backend eagerly',
    plant: { 'packages/cli/src/backends.ts': `import { tmux } from '@orch/backend-tmux'\n` },
    reported: 'backends are imported lazily',
  },
  {
    claim: 'an import of what a package does not export',
    plant: { 'tests/story.test.ts': `import { fold } from '@orch/core/src/fold.ts'\n` },
    reported: 'tests/story.test.ts:1  imports "@orch/core/src/fold.ts": is not exported',
  },
  {
    claim: 'a relative import into another package',
    plant: { [cli]: `\nimport { fold } from '../../core/src/fold.ts'\n` },
    reported: `${cli}:2  imports "../../core/src/fold.ts": reaches out of packages/cli/`,
  },
  {
    claim: 'a whole-system test reaching into a package',
    plant: { 'tests/story.test.ts': `import { fold } from '../packages/core/src/fold.ts'\n` },
    reported: 'reaches out of tests/',
  },
  {
    claim: 'core comparing a backend name',
    plant: { [core]: `export const typed = (backend: string) => backend === 'tmux'\n` },
    reported: `${core}:1  backend named outside its package: "tmux"`,
  },
  {
    claim: 'the CLI reading the options of one backend',
    plant: { [cli]: 'export const url = (config) => config.backends.tmux?.url\n' },
    reported: `${cli}:1  backend named outside its package: .tmux`,
  },
  {
    claim: 'a timer in a source',
    plant: { [tmux]: `export const a = 1\nexport const nap = () => setTimeout(() => {}, 5)\n` },
    reported: `${tmux}:2  timer outside packages/core/src/timing.ts: setTimeout`,
  },
  {
    claim: 'a timer that follows a regular expression with a comment sign',
    plant: { [tmux]: 'export const opening = /[/*]/\nsetInterval(run, 5) /* ever */\n' },
    reported: `${tmux}:2  timer outside`,
  },
  {
    claim: 'a deadline of the platform',
    plant: { [core]: 'export const signal = AbortSignal.timeout(5)\n' },
    reported: `${core}:1  timer outside`,
  },
  {
    claim: 'a promised timer',
    plant: { [core]: `import { scheduler } from 'node:timers/promises'\n` },
    reported: 'timer outside packages/core/src/timing.ts: "node:timers/promises"',
  },
  {
    claim: 'a sleep in a spawned command',
    plant: { [tmux]: `spawn('sh', ['-c', 'kill "$1"; sleep 0.5'])\n` },
    reported: `${tmux}:1  fixed sleep in a command`,
  },
  { claim: 'a sleeping program', plant: { [tmux]: `spawn('sleep', ['1'])\n` }, reported: 'fixed sleep in a command' },
  {
    claim: 'a library that prints',
    plant: { [core]: `console.error('oops')\n` },
    reported: `${core}:1  a library prints: console.error`,
  },
  {
    claim: 'a handler that ends the process',
    plant: { [cli]: 'process.exit(1)\n' },
    reported: `${cli}:1  ends the process`,
  },
  {
    claim: 'an export of everything',
    plant: { [core]: `export * from './timing.ts'\n` },
    reported: `${core}:1  exports must be named`,
  },
  {
    claim: 'a skipped test',
    plant: { 'tests/story.test.ts': `\n${skippedTest}('sends', () => {})\n` },
    reported: 'tests/story.test.ts:2  skipped or focused test',
  },
  { claim: 'a note without an issue', plant: { [core]: `// ${note} later\n` }, reported: `${core}:1  note without` },
  {
    claim: 'a path of one machine in a document',
    plant: { 'docs/use.md': `run it in ${machinePath}\n` },
    reported: 'docs/use.md:1  path of one machine',
  },
  {
    claim: 'a file name in camel case',
    plant: { 'packages/core/src/foldEvents.ts': '' },
    reported: '"foldEvents.ts" is not kebab-case',
  },
  {
    claim: 'a folder for anything',
    plant: { 'packages/core/src/utils/text.ts': '' },
    reported: 'packages/core/src/utils/text.ts  name the file after what it does',
  },
  {
    claim: 'a lockfile that names a registry',
    plant: { 'package-lock.json': '"resolved": "https://registry.example/a.tgz"\n' },
    reported: 'package-lock.json  names a host',
  },
]

function checkTree({ plant = {}, remove }: Pick<Violation, 'plant' | 'remove'>): ReturnType<typeof runScript> {
  const root = temporaryFolder()
  writeFiles(root, { ...CONFORMING_TREE, ...plant })
  if (remove !== undefined) rmSync(join(root, remove))
  return runScript('check-layout.mjs', [root])
}

describe('check-layout', () => {
  it('accepts a repository that follows every rule', () => {
    expect(checkTree({})).toEqual({ status: 0, output: '' })
  })

  it('accepts a note with an issue number and a timer named in a comment', () => {
    expect(checkTree({ plant: { [core]: `/* setTimeout( */ // ${note}(#12) later\n` } })).toEqual({
      status: 0,
      output: '',
    })
  })

  it.each(VIOLATIONS)('refuses $claim', ({ plant, remove, reported }) => {
    const { status, output } = checkTree({ ...(plant && { plant }), ...(remove && { remove }) })
    expect(output).toContain(reported)
    expect(output.trimEnd().split('\n')).toHaveLength(1)
    expect(status).toBe(1)
  })
})
