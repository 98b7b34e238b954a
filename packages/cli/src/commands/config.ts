import {
  type ConfigDocument,
  findProject,
  getSetting,
  type JsonValue,
  listSettings,
  setSetting,
  unsetSetting,
} from '@orch/core'
import { KNOWN_BACKENDS } from '../backends.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageError } from '../options.ts'
import { oneLine, type Page, styled, writeTable } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

const ACTIONS = ['get', 'set', 'unset', 'list'] as const

/** `orch config`: works also while the configuration keeps everything else from working; exit code 66 `get` of what is not set. */
export const command: Command<ConfigDocument> = defineCommand({
  command: 'config <action> [key] [value]',
  describe: 'Show or change the configuration',
  positionals: {
    action: { choices: ACTIONS, demandOption: true, describe: 'What to do' },
    key: { type: 'string', describe: 'Names joined by dots, for example backends.tmux.columns' },
    value: { type: 'string', describe: 'With set: a text, or JSON' },
  },
  options: {
    origin: { type: 'boolean', describe: 'Also who says so: the environment, the project or the user, and its file' },
    user: { type: 'boolean', describe: "With set and unset: in the user's file, for all projects" },
  },
  examples: [
    ['orch config list --origin', 'everything that holds, and where it comes from'],
    ['orch config get defaultBackend', 'prints the value alone; exit code 66 when it is not set'],
    ['orch config set models.fast anthropic/claude-haiku-4-5', 'for this project; comments in its file stay'],
    ['orch config unset models.fast', 'takes it out of the file again'],
    ['orch config set notify \'["notify-send", "orch"]\' --user', 'a list, as JSON, for all projects'],
  ],
  run: async ({ action, key, value, user, project }, { env }) => {
    const place = { project: findProject(project).project, env, knownBackends: KNOWN_BACKENDS.map(({ name }) => name) }
    const scope = user === true ? 'user' : 'project'
    if (user === true && action !== 'set' && action !== 'unset')
      throw usage(action, '--user', 'show it with "--origin"')
    if (action === 'list') {
      if (key !== undefined) throw usage('list', key, 'use "orch config get KEY" for one')
      return { ...EMPTY, action, settings: await listSettings(place) }
    }
    if (key === undefined)
      throw usageError(`Cannot run "orch config ${action}": no key is given`, 'See "orch config list"')
    if (action === 'get') {
      if (value !== undefined) throw usage('get', value, 'use "orch config set KEY VALUE" to change it')
      return { ...EMPTY, action, key, ...(await getSetting(key, place)) }
    }
    if (action === 'unset') {
      if (value !== undefined) throw usage('unset', value, 'use "orch config set KEY VALUE" to change it')
      return { ...EMPTY, action, key, ...(await unsetSetting({ key, scope }, place)) }
    }
    if (value === undefined)
      throw usageError(`Cannot set "${key}": no value is given`, `Use "orch config set ${key} VALUE"`)
    return { ...EMPTY, action, key, ...(await setSetting({ key, given: value, scope }, place)) }
  },
  render: (document, page, args) => render(document, page, args.origin === true),
  exitCode: ({ action, settings }) => (action === 'get' && settings.length === 0 ? EXIT.notSet : EXIT.ok),
})

const EMPTY = {
  apiVersion: 1,
  warnings: [],
  key: null,
  value: null,
  settings: [],
  file: null,
  changed: false,
} as const

function usage(action: string, word: string, instead: string): Error {
  return usageError(`Cannot run "orch config ${action}": it takes no "${word}"`, `Leave it out, or ${instead}`)
}

function render({ action, key, value, settings, file, changed }: ConfigDocument, page: Page, origin: boolean): void {
  if (action === 'set' || action === 'unset') {
    page.line(styled('bold', key ?? ''), ` is ${action === 'set' ? shown(value) : 'not set'} in ${file}`)
    if (!changed) page.note('orch: It was so already')
  } else if (action === 'get' && !origin) {
    if (value !== null) page.line(typeof value === 'string' ? value : JSON.stringify(value, null, 2))
  } else if (origin) {
    const rows = settings.map((one) => [one.key, one.origin, shown(one.value), one.file ?? 'ORCH_BACKEND'])
    writeTable(page, ['KEY', 'ORIGIN', 'VALUE', 'FROM'], rows, page.interactive ? undefined : Number.POSITIVE_INFINITY)
  } else {
    for (const one of settings) page.line(styled('bold', one.key), ` = ${shown(one.value)}`)
  }
  if (file === null && settings.length === 0) page.note('orch: Nothing is set')
}

function shown(value: JsonValue): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}

runAsScript(import.meta, command)
