import type { JsonObject, JsonValue } from '../json.ts'
import { configFiles } from './config.ts'
import { KEY_TEXTS } from './describe-keys.ts'
import { isObject, withValue } from './nested.ts'
import { readConfigFile } from './read-config-file.ts'
import { assertKnown, keyOf, parseKey } from './setting-key.ts'

/** Where a setting comes from; each outranks those after it. */
export type SettingOrigin = 'environment' | 'project' | 'user'

/** One value that holds, and who says so. */
export interface Setting {
  /** Names joined by dots; one that holds a dot itself stands in quotes: `programs."my.tool".command`. */
  readonly key: string
  readonly value: JsonValue
  readonly origin: SettingOrigin
  /** The file that says it; `null` for the environment. */
  readonly file: string | null
}

/** For which project and user settings are looked up. */
export interface SettingsPlace {
  /** The main checkout, as `findProject` has it. */
  readonly project: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Backends that are there without being configured: a default one is to be known. @default any name will do */
  readonly knownBackends?: readonly string[] | undefined
}

/** What a person would not have shown to whoever looks at the screen, or at a log. */
const SECRET = /password|secret|token|credential|api_?key/i
const HIDDEN = '(hidden)'

/**
 * Every value that holds, sorted by key; what may be a secret is hidden.
 * @throws OrchError `CONFIG_INVALID` naming the file and the key, `PERMISSION_DENIED`
 */
export async function listSettings(place: SettingsPlace): Promise<readonly Setting[]> {
  const settings = await effective(place)
  return settings.map((setting) => (SECRET.test(setting.key) ? { ...setting, value: HIDDEN } : setting))
}

/**
 * What holds for one key: a value, or an object of those below it; `null` when nothing says anything.
 * @throws OrchError `USAGE` for a key that cannot be set, `CONFIG_INVALID`, `PERMISSION_DENIED`
 */
export async function getSetting(
  key: string,
  place: SettingsPlace,
): Promise<{ readonly value: JsonValue; readonly settings: readonly Setting[] }> {
  const path = parseKey(key)
  await assertKnown(key, path)
  const prefix = keyOf(path)
  const settings = (await effective(place)).filter((one) => one.key === prefix || one.key.startsWith(`${prefix}.`))
  const own = settings.find((one) => one.key === prefix)
  if (own !== undefined) return { value: own.value, settings }
  if (settings.length === 0) return { value: null, settings }
  const tree = settings.reduce<JsonObject>(
    (object, one) => withValue(object, parseKey(one.key).slice(path.length), one.value),
    {},
  )
  return { value: tree, settings }
}

/**
 * Every key that can be asked for, with what it is for: the fixed ones, and those that are set.
 * @throws OrchError `CONFIG_INVALID`, `PERMISSION_DENIED`
 */
export async function settingKeys(
  place: SettingsPlace,
): Promise<readonly { readonly key: string; readonly text: string }[]> {
  const { fixedKeys } = await import('./schema.ts')
  const set = (await effective(place)).map(({ key }) => key)
  return [...new Set([...fixedKeys(), ...set])].toSorted().map((key) => ({ key, text: KEY_TEXTS[key]?.text ?? '' }))
}

/** A program holds whole, as the nearest file has it; everything else key by key. */
async function effective({ project, env }: SettingsPlace): Promise<readonly Setting[]> {
  const files = configFiles(project, env)
  const settings = new Map<string, Setting>()
  for (const origin of ['user', 'project'] as const) {
    const { content } = await readConfigFile(files[origin])
    for (const name of Object.keys(content.programs ?? {})) dropBelow(settings, keyOf(['programs', name]))
    for (const [path, value] of leaves(content as JsonObject)) {
      const key = keyOf(path)
      settings.set(key, { key, value, origin, file: files[origin] })
    }
  }
  const backend = env.ORCH_BACKEND
  if (backend)
    settings.set('defaultBackend', { key: 'defaultBackend', value: backend, origin: 'environment', file: null })
  settings.delete('$schema')
  return [...settings.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

function dropBelow(settings: Map<string, Setting>, prefix: string): void {
  for (const key of settings.keys()) if (key === prefix || key.startsWith(`${prefix}.`)) settings.delete(key)
}

function leaves(object: JsonObject, path: readonly string[] = []): (readonly [readonly string[], JsonValue])[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const own = [...path, key]
    if (isObject(value) && Object.keys(value).length > 0) return leaves(value, own)
    return value === undefined ? [] : [[own, value] as const]
  })
}
