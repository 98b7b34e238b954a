import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Each package that was never released, or changed since its last release, is named by a changeset. */
const root = process.argv[2] ?? join(import.meta.dirname, '..')

function git(...args) {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' })
}

function namedByChangesets() {
  const folder = join(root, '.changeset')
  const texts = readdirSync(folder).map((name) =>
    name.endsWith('.md') ? readFileSync(join(folder, name), 'utf8') : '',
  )
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/^['"](@[^'"]+)['"]: *(?:major|minor|patch)$/gm)].map(([, name]) => name),
    ),
  )
}

/** A release writes the changelog. */
function hasChanged(folder) {
  const changelog = `${folder}/CHANGELOG.md`
  if (!existsSync(join(root, changelog))) return true
  const release = git('log', '-1', '--format=%H', '--', changelog).stdout.trim()
  return release !== '' && git('diff', '--quiet', release, '--', folder, `:!${folder}/test`).status !== 0
}

const named = namedByChangesets()
const problems = readdirSync(join(root, 'packages'))
  .filter((name) => hasChanged(`packages/${name}`))
  .map((name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).name)
  .filter((name) => !named.has(name))
for (const name of problems) console.error(`${name} has changes that no changeset names: run "npx changeset"`)
process.exitCode = problems.length === 0 ? 0 : 1
