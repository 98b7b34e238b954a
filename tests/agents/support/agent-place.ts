import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { mainModel, smallModel } from '../../scripted-model/conversation.ts'
import { type ScriptedModel, startScriptedModel } from '../../scripted-model/scripted-model.ts'
import { openCodePlace, type Place, tmuxPlace } from '../../stories/support/place.ts'

const execute = promisify(execFile)

/** The real agent programs. Only `npm run test:agents` has others than `opencode`. */
export type AgentProgram = 'claude' | 'codex' | 'opencode'

/** A place in which the real agent programs know only a scripted model, and trust its project. */
export interface AgentPlace extends AsyncDisposable {
  readonly model: ScriptedModel
  readonly place: Place
  /** Runs one of them to its end, without orch, and resolves to what it printed. */
  run(program: AgentProgram, ...args: readonly string[]): Promise<string>
}

/** Makes such a place. Disposing it ends every process that was started in it. */
export async function agentPlace(): Promise<AgentPlace> {
  const programs = programFolder()
  const model = await startScriptedModel()
  const place = await tmuxPlace({
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    TERM: 'xterm-256color',
    ANTHROPIC_BASE_URL: model.origin,
    ANTHROPIC_AUTH_TOKEN: 'scripted',
    ANTHROPIC_MODEL: mainModel,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel,
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    SCRIPTED_KEY: 'scripted',
  })
  await prepareClaude(place)
  await prepareCodex(place, model)
  return {
    model,
    place,
    async run(program, ...args) {
      const running = execute(join(programs, program), args, { cwd: place.project, env: place.env })
      running.child.stdin?.end()
      return (await running).stdout
    },
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]()
      await model.close()
    },
  }
}

/** Such a place for OpenCode, which asks before it runs anything. */
export async function openCodeInTmuxPlace(): Promise<Omit<AgentPlace, 'run'>> {
  const model = await startScriptedModel()
  const env = { ORCH_BACKEND: 'tmux', TERM: 'xterm-256color' }
  const place = await openCodePlace({ model, permission: { bash: 'ask' }, env })
  return {
    model,
    place,
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]()
      await model.close()
    },
  }
}

function programFolder(): string {
  const folder = process.env.ORCH_TEST_AGENTS
  if (folder === undefined) throw new Error('Cannot find the agent programs: run "npm run test:agents"')
  return join(folder, 'node_modules/.bin')
}

/** Claude Code as it is once its first questions were answered; it asks before it runs anything. */
async function prepareClaude({ env, project, write }: Place): Promise<void> {
  const home = env.HOME as string
  const projects = { [project]: { hasTrustDialogAccepted: true } }
  const state = { hasCompletedOnboarding: true, theme: 'dark', projects }
  await writeFile(join(home, '.claude.json'), JSON.stringify(state))
  const claude = { command: 'claude', args: ['--permission-mode', 'default'], promptBy: 'argument' }
  await write('.orch/config.json', JSON.stringify({ programs: { claude } }))
}

async function prepareCodex({ env, project }: Place, { url }: ScriptedModel): Promise<void> {
  const folder = join(env.HOME as string, '.codex')
  const lines = [
    `model = "${mainModel}"`,
    'model_provider = "scripted"',
    '[model_providers.scripted]',
    'name = "scripted"',
    `base_url = "${url}"`,
    'wire_api = "responses"',
    'env_key = "SCRIPTED_KEY"',
    `[projects.${JSON.stringify(project)}]`,
    'trust_level = "trusted"',
  ]
  await mkdir(folder)
  await writeFile(join(folder, 'config.toml'), `${lines.join('\n')}\n`)
}
