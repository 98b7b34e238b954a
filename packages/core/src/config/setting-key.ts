import { OrchError } from '../errors.ts'

/** The names in a key: `programs."my.tool".command`. @throws OrchError `USAGE` when it is no names joined by dots */
export function parseKey(key: string): readonly string[] {
  const names = [...key.matchAll(/(?:^|\.)(?:"((?:[^"\\]|\\.)+)"|([^."]+))/g)]
  if (names.length > 0 && names.map(([whole]) => whole).join('') === key)
    return names.map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '') : JSON.parse(`"${quoted}"`)))
  throw new OrchError('USAGE', `Cannot use the key ${JSON.stringify(key)}: it is not names joined by dots`, {
    hint: 'Write it as "backends.tmux.columns"; see "orch config list"',
  })
}

/** Names as a key. Pure. */
export function keyOf(path: readonly string[]): string {
  return path.map((name) => (/^[^."\s]+$/.test(name) ? name : JSON.stringify(name))).join('.')
}

/** @throws OrchError `USAGE` for a key that cannot be set, with those that were probably meant */
export async function assertKnown(key: string, path: readonly string[]): Promise<void> {
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
