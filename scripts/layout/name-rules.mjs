const WELL_KNOWN = new Set([
  'README.md',
  'LICENSE',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  '__snapshots__',
])
const KEBAB_CASE = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/

export function kebabCase(tree) {
  return tree.files.flatMap((path) => {
    const bad = path.split('/').find((segment) => !WELL_KNOWN.has(segment) && !KEBAB_CASE.test(segment))
    return bad === undefined ? [] : [{ path, text: `"${bad}" is not kebab-case` }]
  })
}

/** A helper lives with what it helps, under a name that says what it does. */
export function noUtilityFolders(tree) {
  return tree
    .matching(/(^|\/)(utils?|helpers|misc|common)(\/|\.[a-z]+$)/)
    .map((path) => ({ path, text: 'name the file after what it does and keep it with its user' }))
}

/** The lockfile works with any registry. */
export function lockfileHosts(tree) {
  const path = 'package-lock.json'
  if (!tree.has(path)) return [{ path, text: 'is missing' }]
  return [...tree.text(path).matchAll(/"resolved": "\w+:.*/g)]
    .slice(0, 1)
    .map(([text]) => ({ path, text: `names a host: ${text}` }))
}
