import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import type { ProgramWorld } from '@orch/backend-tmux/contract'
import type { AgentRef, BackendHost, JsonObject, ProgramSpec } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { killProcesses } from '../../harness/processes.ts'
import { type AgentProgram, agentPlace, openCodeInTmuxPlace } from './agent-place.ts'

/** What differs between the real programs. */
interface Facts {
  readonly args: readonly string[]
  /** A file below HOME that only the user writes, and what stands in it. */
  readonly userFile: readonly [path: string, text: string]
  /** What makes it run a command that it asks for first. */
  readonly asks: string
  readonly closingKeys: readonly string[]
  /** As the real program drew them. */
  readonly screens: Readonly<Record<string, string>>
}

const SHELL = '[[shell: touch asked.txt]]'
const ESCALATED = `[[tool: exec_command | ${JSON.stringify({ cmd: 'touch asked.txt', sandbox_permissions: 'require_escalated', justification: 'Needed' })}]]`

const FACTS: Readonly<Record<AgentProgram, Facts>> = {
  claude: {
    args: ['--permission-mode', 'default'],
    userFile: ['.claude/settings.json', '{ "includeCoAuthoredBy": false }'],
    asks: SHELL,
    closingKeys: ['1'],
    screens: {
      trust: "Claude Code'll be able to read, edit, and execute files here.\n ❯ No, exit\n   Yes, I trust this folder",
      theme: " Let's get started.\n\n Choose the text style that looks best with your terminal",
      notes: ' Security notes:\n\n 1. Claude can make mistakes.\n\n Press Enter to continue',
      key: '  Detected a custom API key in your environment\n  ANTHROPIC_API_KEY: sk-ant-...567890\n    Yes\n  ❯ No (recommended)',
      mcp: '  New MCP server found in this project: tools\n    Use this MCP server\n  ❯ Continue without using this MCP server',
      'mcp-servers': '  2 new MCP servers found in this project\n  Select any you wish to enable.\n  ❯ [✔] odd',
      bypass: '  WARNING: Claude Code running in Bypass Permissions mode\n  ❯ No, exit\n    Yes, I accept',
      resume: '  Resume session\n  │ ⌕ Search…    │\n    project\n  No sessions in this project yet',
      login: ' Select login method:\n\n ❯ 1. Claude account with subscription',
    },
  },
  codex: {
    args: [],
    userFile: ['.codex/AGENTS.md', 'Be brief.'],
    asks: ESCALATED,
    closingKeys: ['Escape'],
    screens: {
      hooks: '  Hooks need review\n  3 hooks are new or changed.\n› 1. Review hooks',
      trust: '  Folder access\n  Trust this folder? Codex can read, edit, and run files here.\n› 1. Trust and continue',
      resume: ' Resume a previous session\n Type to search\n  No sessions yet\n enter resume   esc start new   ^c quit',
      login: '  Sign in with ChatGPT to use Codex as part of your paid plan',
      update: '  Update available · 0.169.0 → 9.9.9\n› 1. Update now\n  2. Skip\n  3. Skip until next version',
    },
  },
  opencode: {
    args: [],
    userFile: [
      'config/opencode/opencode.json',
      '{ "$schema": "https://opencode.ai/config.json", "username": "somebody" }',
    ],
    asks: SHELL,
    closingKeys: ['Enter'],
    screens: {},
  },
}

/**
 * A place of the contract of programs in which a real one runs, with the scripted model.
 * @param more further arguments
 */
export async function programWorld(program: AgentProgram, more: readonly string[] = []): Promise<ProgramWorld> {
  const { args, userFile, asks, closingKeys, screens } = FACTS[program]
  const agents = program === 'opencode' ? await openCodeInTmuxPlace() : await agentPlace()
  const { model, place } = agents
  const file = join(place.env.HOME as string, userFile[0])
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, userFile[1])
  const host: BackendHost = { name: 'tmux', stateDirectory: place.state, namespace: 'contract', env: place.env }
  const backend = tmux()(host)
  const spec: ProgramSpec = { name: program, command: program, args: [...args, ...more], env: {}, promptBy: null }
  const ids: string[] = []
  const pane = ({ handle }: AgentRef): string => String((handle as JsonObject).pane)
  const hold = `hold-${randomUUID()}`
  return {
    backend,
    prompts: {
      answer: (text) => `[[answer: ${text}]]`,
      work: (text) => `[[answer: ${text}]] [[hold: ${hold}]]`,
      ask: () => `${asks} [[answer: asked]]`,
      fail: () => '[[error: 400]]',
      exit: () => '',
      stubborn: () => '',
    },
    open: async (options) => tmux()({ ...host, ...options }),
    request: (overrides) => {
      const id = overrides?.id ?? `agent-${randomUUID().slice(0, 8)}`
      ids.push(id)
      return {
        ...{ id, title: 'a task', prompt: '[[answer: begun]]', project: place.project, directory: place.project },
        ...{ workspace: place.project, target: backend.target, program: spec, programName: null, model: null },
        ...{ mode: null, permission: null, permissionRules: [], env: { ORCH_AGENT_ID: id } },
        ...overrides,
      }
    },
    received: async () => model.requests.findLast(({ kind }) => kind === 'turn')?.userTexts ?? [],
    finish: async () => model.release(hold),
    leftovers: async () =>
      (await Promise.all(ids.map((id) => place.processesOf(id)))).flat().map(({ pid }) => `process ${pid}`),
    userFiles: [file],
    screens,
    commandText: '/help',
    closingKeys,
    press: (agent, ...keys) => place.tmux.tmux('send-keys', '-t', pane(agent), ...keys),
    screen: (agent) => place.tmux.tmux('capture-pane', '-p', '-t', pane(agent)),
    async crash(agent) {
      const running = await place.processesOf(agent.id)
      const wrapper = Number((agent.handle as JsonObject).panePid)
      await killProcesses(running.filter(({ pid }) => pid !== wrapper))
      await eventually(async () => (await place.processesOf(agent.id)).length === 0, { what: 'the end of the program' })
    },
    async dispose() {
      await agents[Symbol.asyncDispose]()
    },
  }
}
