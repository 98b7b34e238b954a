import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, OrchError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { withClaim } from '../registry/with-claim.ts'
import { replaceFile } from '../replace-file.ts'
import { configFiles } from './config.ts'
import { setInJsonc } from './edit-jsonc.ts'
import { parseConfig, readConfigFile, readConfigText } from './read-config-file.ts'

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
 * Sets one value in the project's file or the user's; comments and order in it stay. The file is replaced whole, and only if
 * what comes of it is valid. Calls at once are done one after the other.
 * @param given JSON, or a text as it is
 * @throws OrchError `USAGE` for a key that does not exist or a value that it does not take, `CONFIG_INVALID`, `BUSY`,
 * `PERMISSION_DENIED`, `DISK`
 */
export async function setSetting(
  { key, given, scope }: { readonly key: string; readonly given: string; readonly scope: 'project' | 'user' },
  place: SettingsPlace,
): Promise<{ readonly file: string; readonly changed: boolean; readonly value: JsonValue }> {
  const path = parseKey(key)
  await assertKnown(key, path)
  const file = configFiles(place.project, place.env)[scope]
  return withClaim(file, place.env, async () => {
    const before = readConfigText(file)
    const { text, value } = await withSetting(file, before ?? '{}\n', { key, path, given })
    if (text === before) return { file, changed: false, value }
    write(file, text)
    return { file, changed: true, value }
  })
}

async function withSetting(
  file: string,
  before: string,
  { key, path, given }: { readonly key: string; readonly path: readonly string[]; readonly given: string },
): Promise<{ readonly text: string; readonly value: JsonValue }> {
  const content = await parseConfig(file, before)
  const { findConfigProblem } = await import('./schema.ts')
  const candidates = [parsed(given), given].filter((value) => value !== undefined)
  let problem = ''
  for (const value of candidates) {
    const found = findConfigProblem(withValue(content as JsonObject, path, value))
    if (found === null) return { text: setInJsonc(before, path, value), value }
    problem ||= found.key === key ? found.text : `"${found.key}": ${found.text}`
  }
  throw new OrchError('USAGE', `Cannot set "${key}" to ${JSON.stringify(given)}: ${problem}`, {
    hint: 'Show how it is written with "orch help configuration"',
  })
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

function withValue(object: JsonObject, [key = '', ...rest]: readonly string[], value: JsonValue): JsonObject {
  const before = Object.hasOwn(object, key) ? object[key] : undefined
  const inner = rest.length === 0 ? value : withValue(isObject(before) ? before : {}, rest, value)
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, inner]])
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws OrchError `USAGE` when it is no names joined by dots */
function parseKey(key: string): readonly string[] {
  const names = [...key.matchAll(/(?:^|\.)(?:"((?:[^"\\]|\\.)+)"|([^."]+))/g)]
  if (names.length > 0 && names.map(([whole]) => whole).join('') === key)
    return names.map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '') : JSON.parse(`"${quoted}"`)))
  throw new OrchError('USAGE', `Cannot use the key ${JSON.stringify(key)}: it is not names joined by dots`, {
    hint: 'Write it as "backends.tmux.columns"; see "orch config list"',
  })
}

function keyOf(path: readonly string[]): string {
  return path.map((name) => (/^[^."\s]+$/.test(name) ? name : JSON.stringify(name))).join('.')
}

async function assertKnown(key: string, path: readonly string[]): Promise<void> {
  const { knownKeys } = await import('./schema.ts')
  const { nearNames } = await import('../near-names.ts')
  for (const [depth, name] of path.entries()) {
    const known = knownKeys(path.slice(0, depth))
    if (known.length === 0 || known.includes(name)) continue
    if (depth === 2 && path[0] === 'backends') continue
    const all = known.filter((one) => one !== '$schema')
    const near = nearNames(name, all)
    const names = (near.length > 0 ? near : all).map((one) => `"${keyOf([...path.slice(0, depth), one])}"`).join(', ')
    throw new OrchError('USAGE', `Cannot use the key "${key}": there is no "${keyOf(path.slice(0, depth + 1))}"`, {
      hint: `${near.length > 0 ? 'Did you mean' : 'Use one of'} ${names}${near.length > 0 ? '?' : ''}`,
    })
  }
}
