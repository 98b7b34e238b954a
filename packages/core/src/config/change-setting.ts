import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, OrchError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { withClaim } from '../registry/with-claim.ts'
import { replaceFile } from '../replace-file.ts'
import { configFiles } from './config.ts'
import { removeFromJsonc, setInJsonc } from './edit-jsonc.ts'
import { hasValue, withoutValue, withValue } from './nested.ts'
import { parseConfig, parseConfigText, readConfigFile, readConfigText } from './read-config-file.ts'
import { assertKnown, parseKey } from './setting-key.ts'
import type { SettingsPlace } from './settings.ts'

/** Which setting is changed, and in whose file. */
interface SettingChange {
  readonly key: string
  readonly scope: 'project' | 'user'
}

/** What became of the file. */
interface ChangedSetting {
  readonly file: string
  readonly changed: boolean
}

/** One setting, as its names. */
interface Setting {
  readonly key: string
  readonly path: readonly string[]
}

/**
 * Sets one value in the project's file or the user's; comments and order in it stay. The file is replaced whole, and only if
 * what comes of it is valid. Calls at once are done one after the other.
 * @param change `given` is JSON, or a text as it is
 * @throws OrchError `USAGE` for a key that does not exist or a value that it does not take, `CONFIG_INVALID`, `BUSY`,
 * `PERMISSION_DENIED`, `DISK`
 */
export async function setSetting(
  { key, given, scope }: SettingChange & { readonly given: string },
  place: SettingsPlace,
): Promise<ChangedSetting & { readonly value: JsonValue }> {
  const path = parseKey(key)
  await assertKnown(key, path)
  return change({ key, scope }, place, async (file, before) => {
    const content = (await parseConfig(file, before ?? '{}')) as JsonObject
    const value = await readValue(given, content, { key, path })
    if (path[0] === 'defaultBackend') await assertBackend(String(value), place)
    return { text: setInJsonc(before ?? '{}\n', path, value), value }
  })
}

/**
 * Takes one value out of the project's file or the user's, or an object with all that is in it; what else is not valid there
 * does not matter. An object that holds nothing more goes with its last value; comments stay. Twice is fine.
 * @throws OrchError `USAGE` for a key that does not exist or that cannot be left out, `CONFIG_INVALID` for what is not JSON,
 * `BUSY`, `PERMISSION_DENIED`, `DISK`
 */
export async function unsetSetting({ key, scope }: SettingChange, place: SettingsPlace): Promise<ChangedSetting> {
  const path = parseKey(key)
  return change({ key, scope }, place, async (file, before) => {
    const content = (await parseConfigText(file, before ?? '{}')) as JsonObject
    if (before === null || !hasValue(content, path)) {
      await assertKnown(key, path)
      return { text: before }
    }
    await assertOptional(content, { key, path })
    return { text: removeFromJsonc(before, path) }
  })
}

async function change<T extends { readonly text: string | null }>(
  { scope }: SettingChange,
  { project, env }: SettingsPlace,
  edit: (file: string, before: string | null) => Promise<T>,
): Promise<Omit<T, 'text'> & ChangedSetting> {
  const file = configFiles(project, env)[scope]
  return withClaim(file, env, async () => {
    const before = readConfigText(file)
    const { text, ...more } = await edit(file, before)
    const changed = text !== null && text !== before
    if (changed) write(file, text)
    return { ...more, file, changed }
  })
}

/** The first reading of what was given that is valid: JSON, or the text as it is; `null` as a text has to stand in quotes. */
async function readValue(given: string, content: JsonObject, { key, path }: Setting): Promise<JsonValue> {
  const { findConfigProblem } = await import('./schema.ts')
  const read = parsed(given)
  const candidates = read === null ? [null] : [read, given].filter((value) => value !== undefined)
  let problem = ''
  for (const value of candidates) {
    const found = findConfigProblem(withValue(content, path, value))
    if (found === null) return value
    problem ||= found.key === key ? found.text : `"${found.key}": ${found.text}`
  }
  const hint =
    read === null
      ? `Leave it out with "orch config unset ${key}"`
      : 'Show how it is written with "orch help configuration"'
  throw new OrchError('USAGE', `Cannot set "${key}" to ${JSON.stringify(given)}: ${problem}`, { hint })
}

/** Refuses to make a file invalid; one that is not valid before may be mended. */
async function assertOptional(content: JsonObject, { key, path }: Setting): Promise<void> {
  const { findConfigProblem } = await import('./schema.ts')
  const found = findConfigProblem(withoutValue(content, path))
  if (found === null || findConfigProblem(content) !== null) return
  throw new OrchError('USAGE', `Cannot leave out "${key}": "${found.key}": ${found.text}`, {
    hint: `Set another value, or leave out all of it with "orch config unset ${path.slice(0, -1).join('.')}"`,
  })
}

/** A name that nobody knows would fail every spawn. */
async function assertBackend(name: string, { project, env, knownBackends }: SettingsPlace): Promise<void> {
  if (knownBackends === undefined) return
  const files = Object.values(configFiles(project, env))
  const contents = await Promise.all(files.map((file) => readConfigFile(file, () => {})))
  const known = [...knownBackends, ...contents.flatMap(({ content }) => Object.keys(content.backends ?? {}))]
  if (known.includes(name)) return
  const { nearNames } = await import('../near-names.ts')
  const near = nearNames(name, known).map((one) => `"${one}"`)
  throw new OrchError(
    'USAGE',
    `Cannot set "defaultBackend" to ${JSON.stringify(name)}: no backend of this name is known`,
    {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(' or ')}?`
          : `Use one of ${known.map((one) => `"${one}"`).join(', ')}, or set "backends.NAME.module" first`,
    },
  )
}

function parsed(given: string): JsonValue | undefined {
  try {
    return JSON.parse(given)
  } catch {
    return undefined
  }
}

/** A link stays one: what it leads to is replaced. */
function write(file: string, text: string): void {
  try {
    makePrivateDirectory(dirname(file))
    const stats = statSync(file, { throwIfNoEntry: false })
    replaceFile(stats === undefined ? file : realpathSync(file), text, stats?.mode)
  } catch (cause) {
    throw fileError(cause, `Cannot write the configuration "${file}"`, 'DISK')
  }
}
