import { fileURLToPath } from 'node:url'

/** The version of the interface that this module speaks. */
export const apiVersion = 1

/** What the clerk tells, and how orch keeps it. @type {Readonly<Record<string, import('@orch/backend-tmux').HookKind>>} */
const EVENTS = {
  SessionStart: 'whole',
  UserPromptSubmit: 'whole',
  PermissionRequest: 'ask',
  PermissionReplied: 'whole',
  Stop: 'whole',
  StopFailure: 'whole',
  Interrupt: 'whole',
  SessionEnd: 'whole',
}

/** The clerk: hooks by a file that its command line names. @type {import('@orch/backend-tmux').Program} */
export const program = {
  spec: {
    name: 'clerk',
    command: 'node',
    args: [fileURLToPath(new URL('clerk.js', import.meta.url))],
    env: {},
    promptBy: 'argument',
  },
  // A task may begin with a dash.
  promptArguments: (prompt) => ['--', prompt],
  hooks: {
    capabilities: ['turns', 'answers', 'requests', 'interrupt', 'transcript', 'resume'],
    tellsStart: true,
    launch(command, session) {
      const hooks = Object.entries(EVENTS).map(([name, how]) => [name, command(how)])
      return {
        settings: JSON.stringify(Object.fromEntries(hooks)),
        arguments: (settings) => ['--hooks', settings, '--session', session],
        // The clerk goes on with a session that it has written down.
        resume: (settings, told) => ['--hooks', settings, '--session', told],
      }
    },
    entriesOf(line) {
      const { id, role, text, at } = JSON.parse(line)
      return [{ type: 'said', kind: 'message', id, role, text, at }]
    },
    emptyColumn: 2,
    takesForCommand: /^\//,
    interruptKeys: ['Escape'],
    startScreens: [
      { name: 'trust', shows: /May I work in this folder\?/, text: 'It asks whether it may work in the folder' },
    ],
    statusDirectory: () => null,
  },
}
