const BACKEND_FILES = [
  'README.md',
  'src/index.ts',
  'src/backend.ts',
  'src/capabilities.ts',
  'src/parse.ts',
  'src/options.ts',
  'test/contract.test.ts',
]
const CLI_FILES = [
  'README.md',
  'bin/orch.js',
  'src/main.ts',
  'src/define-command.ts',
  'src/context.ts',
  'src/options.ts',
  'src/output.ts',
  'src/exit-codes.ts',
  'src/backends.ts',
]
const CORE_FILES = ['README.md', 'src/index.ts', 'src/timing.ts']
const CONTRACT_TEST_LINES = 20

const missing = (tree, folder, files) =>
  files
    .filter((file) => !tree.has(`${folder}/${file}`))
    .map((file) => ({ path: `${folder}/${file}`, text: 'is missing' }))

/** A package's folder is its name without the scope. */
export function folderNames(tree) {
  return tree.folders('packages').flatMap((folder) => {
    const path = `packages/${folder}/package.json`
    if (!tree.has(path)) return [{ path, text: 'is missing' }]
    const { name } = tree.json(path)
    return name === `@orch/${folder}` ? [] : [{ path, text: `is named "${name}", its folder says "@orch/${folder}"` }]
  })
}

/** Every backend has the same core files, so that a missing one is information. */
export function backendFiles(tree) {
  return tree
    .folders('packages')
    .filter((name) => name.startsWith('backend-'))
    .flatMap((name) => {
      const folder = `packages/${name}`
      const hasClient = tree.files.some((path) => path.startsWith(`${folder}/src/client`))
      const client = hasClient ? [] : [{ path: `${folder}/src/client.ts`, text: 'is missing, and so is src/client/' }]
      return [...missing(tree, folder, BACKEND_FILES), ...client]
    })
}

/** The contract suite holds the cases; a backend's contract test only names the backend. */
export function contractTestLength(tree) {
  return tree.matching(/^packages\/backend-[^/]+\/test\/contract\.test\.ts$/).flatMap((path) => {
    const lines = tree.text(path).trimEnd().split('\n').length
    return lines <= CONTRACT_TEST_LINES
      ? []
      : [{ path, text: `has ${lines} lines, at most ${CONTRACT_TEST_LINES} allowed` }]
  })
}

export function coreAndCliFiles(tree) {
  return [...missing(tree, 'packages/core', CORE_FILES), ...missing(tree, 'packages/cli', CLI_FILES)]
}

/** `commands/<verb>.ts` is one command, complete in that file. */
export function commandFiles(tree) {
  return tree.matching(/^packages\/cli\/src\/commands\//).flatMap((path) => {
    if (!/\/commands\/[a-z]+(-[a-z]+)*\.ts$/.test(path)) return [{ path, text: 'is not commands/<verb>.ts' }]
    const count = [...tree.code(path).matchAll(/\bdefineCommand\s*[(<]/g)].length
    return count === 1 ? [] : [{ path, text: `defines ${count} commands with defineCommand(), exactly 1 expected` }]
  })
}
