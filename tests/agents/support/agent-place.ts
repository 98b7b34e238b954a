import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { gitRepository } from '../../harness/git-repository.ts'
import { killProcesses, processesWithEnvironment } from '../../harness/processes.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { mainModel, smallModel } from '../../scripted-model/conversation.ts'
import { type ScriptedModel, startScriptedModel } from '../../scripted-model/scripted-model.ts'

const execute = promisify(execFile)

/** The real agent programs, `claude` and `codex`. */
export type AgentProgram = 'claude' | 'codex'

/** A home in which the real agent programs know only a scripted model, and a project that they trust. */
export interface AgentPlace extends AsyncDisposable {
  readonly model: ScriptedModel
  readonly folder: string
  readonly home: string
  readonly project: string
  /** The complete environment; its PATH holds both programs. */
  readonly env: Readonly<Record<string, string>>
  /** Runs one of them to its end and resolves to what it printed. */
  run(program: AgentProgram, ...args: readonly string[]): Promise<string>
}

const MARK = 'ORCH_TEST_MARK'

/** Makes such a place. Disposing it ends every process that was started in it. */
export async function agentPlace(): Promise<AgentPlace> {
  const model = await startScriptedModel()
  const folder = await temporaryFolder()
  const [home, bin] = [join(folder.path, 'home'), join(folder.path, 'bin')]
  for (const path of [home, bin]) await mkdir(path)
  const project = await gitRepository(join(folder.path, 'project'))
  for (const name of ['claude', 'codex']) await symlink(programFile(name), join(bin, name))
  await prepareClaude(home, project)
  await prepareCodex(home, { project, model })
  const mark = randomUUID()
  const env = {
    ...{
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      HOME: home,
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      [MARK]: mark,
    },
    ...{ ANTHROPIC_BASE_URL: model.origin, ANTHROPIC_AUTH_TOKEN: 'scripted', ANTHROPIC_MODEL: mainModel },
    ...{ ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel, DISABLE_AUTOUPDATER: '1' },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', SCRIPTED_KEY: 'scripted' },
  }
  return {
    model,
    folder: folder.path,
    home,
    project,
    env,
    async run(program, ...args) {
      const running = execute(join(bin, program), args, { cwd: project, env })
      running.child.stdin?.end()
      return (await running).stdout
    },
    async [Symbol.asyncDispose]() {
      await killProcesses(await processesWithEnvironment(MARK, mark))
      await model.close()
      await folder.remove()
    },
  }
}

function programFile(name: string): string {
  const folder = process.env.ORCH_TEST_AGENTS
  if (folder === undefined) throw new Error('Cannot find the agent programs: run "npm run test:agents"')
  return join(folder, 'node_modules/.bin', name)
}

/** Claude Code as it is once its first questions were answered. */
async function prepareClaude(home: string, project: string): Promise<void> {
  const projects = { [project]: { hasTrustDialogAccepted: true } }
  const state = { hasCompletedOnboarding: true, theme: 'dark', projects }
  await writeFile(join(home, '.claude.json'), JSON.stringify(state))
}

async function prepareCodex(
  home: string,
  { project, model }: { readonly project: string; readonly model: ScriptedModel },
): Promise<void> {
  const lines = [
    `model = "${mainModel}"`,
    'model_provider = "scripted"',
    '[model_providers.scripted]',
    'name = "scripted"',
    `base_url = "${model.url}"`,
    'wire_api = "responses"',
    'env_key = "SCRIPTED_KEY"',
    `[projects.${JSON.stringify(project)}]`,
    'trust_level = "trusted"',
  ]
  await mkdir(join(home, '.codex'))
  await writeFile(join(home, '.codex', 'config.toml'), `${lines.join('\n')}\n`)
}
