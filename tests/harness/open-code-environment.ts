import { randomUUID } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { mainModel, smallModel } from '../scripted-model/conversation.ts'
import { openCodeProgram, openCodeVersion } from './open-code-program.ts'
import { killProcesses, processesWithEnvironment } from './processes.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** What an isolated OpenCode is given. */
export interface OpenCodeEnvironmentOptions {
  /** The scripted model, or anything else that speaks OpenAI chat completions at `url`. */
  model: { url: string }
  /** OpenCode's `permission` configuration, e.g. `{ edit: 'ask' }`; `@default` OpenCode's own. */
  permission?: Record<string, unknown>
  /** More configuration, merged over the one made here. */
  config?: Record<string, unknown>
  /** More variables. */
  env?: Record<string, string>
}

/** Folders and variables under which OpenCode, and orch, touch nothing of the user's own. */
export interface OpenCodeEnvironment extends AsyncDisposable {
  /** The complete environment block: nothing is inherited but PATH, which starts with `bin`. */
  env: Record<string, string>
  /** Name of a variable in `env` that no other process tree has, and its value: for searches in `/proc`. */
  mark: { name: string; value: string }
  /** Holds the program as `opencode`. */
  bin: string
  /** HOME; also the parent of the XDG folders. */
  home: string
  /** An empty folder to work in, outside `home`. */
  directory: string
  /** OpenCode's version. */
  version: string
}

const markName = 'ORCH_TEST_MARK'

/**
 * Makes the folders and variables for an OpenCode that knows only the scripted model and reaches no network.
 * Disposing it ends every process that carries the mark, whoever started it, and removes the folders.
 */
export async function openCodeEnvironment(options: OpenCodeEnvironmentOptions): Promise<OpenCodeEnvironment> {
  const folder = await temporaryFolder()
  const [home, bin, directory] = ['home', 'bin', 'project'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [home, bin, directory]) await mkdir(path, { mode: 0o700 })
  await symlink(openCodeProgram(), join(bin, 'opencode'))
  const version = openCodeVersion()
  await writeFile(join(home, 'models.json'), '{}')
  await seedConfigFolder(join(home, 'config', 'opencode'), version)
  const value = randomUUID()
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
    LANG: 'C.UTF-8',
    OPENCODE_CONFIG_CONTENT: JSON.stringify({ ...configuration(options), ...options.config }),
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    // OpenCode reads the list of all models that exist anew for each directory, which takes it seconds; here is an empty one.
    OPENCODE_MODELS_PATH: join(home, 'models.json'),
    // A server that lives for seconds gains nothing by code that is optimized, and spends a fifth of its time on it.
    BUN_JSC_useDFGJIT: '0',
    [markName]: value,
    ...options.env,
  }
  const dispose = async (): Promise<void> => {
    await killProcesses(await processesWithEnvironment(markName, value))
    await folder.remove()
  }
  return {
    env,
    mark: { name: markName, value },
    bin,
    home,
    directory,
    version,
    [Symbol.asyncDispose]: dispose,
  }
}

function configuration({ model, permission }: OpenCodeEnvironmentOptions): Record<string, unknown> {
  const limit = { context: 200_000, output: 8_000 }
  const modalities = { input: ['text', 'image', 'pdf'], output: ['text'] }
  const cost = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 }
  return {
    provider: {
      scripted: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted',
        options: { baseURL: model.url, apiKey: 'none' },
        models: {
          [mainModel]: { name: 'Scripted model', tool_call: true, attachment: true, modalities, limit, cost },
          [smallModel]: { name: 'Scripted small model', limit, cost },
        },
      },
    },
    enabled_providers: ['scripted'],
    model: `scripted/${mainModel}`,
    small_model: `scripted/${smallModel}`,
    autoupdate: false,
    share: 'disabled',
    snapshot: false,
    lsp: false,
    formatter: false,
    ...(permission && { permission }),
  }
}

/** With this in place OpenCode does not install its plugin package into the folder in the background. */
async function seedConfigFolder(folder: string, version: string): Promise<void> {
  const plugin = '@opencode-ai/plugin'
  const installed = join(folder, 'node_modules', plugin)
  await mkdir(installed, { recursive: true, mode: 0o700 })
  const dependencies = { [plugin]: version }
  const packages = { '': { dependencies }, [`node_modules/${plugin}`]: { version } }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ dependencies }))
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }))
  await writeFile(join(installed, 'package.json'), JSON.stringify({ name: plugin, version }))
}
