import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { configurationProblems } from './docs/configurations.mjs'
import { embeddedProblems } from './docs/embedded-files.mjs'
import { tableProblems } from './docs/tables.mjs'

const root = process.argv[2] ?? join(import.meta.dirname, '..')
const cli = join(import.meta.dirname, '../packages/cli/bin/orch.js')
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts
const helps = new Map()

function pagesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', '.git', '.turbo', '.changeset', 'test', 'fixtures'].includes(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return pagesBelow(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** Everything that stands in a code span or a code block. */
function codeOf(text) {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block.split('\n'))
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span)
  return [...blocks, ...spans]
}

function helpOf(verb) {
  if (!helps.has(verb)) {
    const run = spawnSync(process.execPath, [cli, verb, '--help'], { encoding: 'utf8' })
    helps.set(verb, run.status === 0 ? run.stdout : null)
  }
  return helps.get(verb)
}

function commandProblems(code) {
  const call = /^(?:\S+ \| )?(?:npx @orch\/cli|orch) ([a-z]+)(.*)$/.exec(code.replace(/^\$ /, '').trim())
  if (call === null) return []
  const [, verb, tail] = call
  const help = helpOf(verb)
  if (help === null) return [`"orch ${verb}" is no command`]
  const own = tail.replace(/"[^"]*"|'[^']*'/g, '""').split(/ -- | # | \|\| | && | \| | > /)[0]
  const flags = own.match(/(?<=\s)(?:--[a-z][a-z-]*|-[a-zA-Z])(?=[\s=]|$)/g) ?? []
  return flags
    .filter((flag) => !new RegExp(`(^|[\\s,])${flag}([\\s,=]|$)`, 'm').test(help))
    .map((flag) => `"orch ${verb}" knows no ${flag}`)
}

function scriptProblems(code) {
  const names = [...code.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name)
  return names.filter((name) => scripts[name] === undefined).map((name) => `there is no script "npm run ${name}"`)
}

function pathProblems(code) {
  if (!/^(?:packages|tests|scripts|docs|examples|\.ci|\.changeset)\/[\w./-]+$/.test(code)) return []
  return existsSync(join(root, code)) ? [] : [`there is no "${code}"`]
}

function linkProblems(page, text) {
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link)
  return links
    .filter((link) => !existsSync(normalize(join(dirname(page), link))))
    .map((link) => `the link "${link}" leads nowhere`)
}

async function problemsOf(page) {
  const text = readFileSync(page, 'utf8')
  const inCode = codeOf(text).flatMap((code) => [
    ...commandProblems(code),
    ...scriptProblems(code),
    ...pathProblems(code),
  ])
  const embedded = [...embeddedProblems(root, text), ...tableProblems(text), ...(await configurationProblems(text))]
  const problems = [...inCode, ...linkProblems(page, text), ...embedded]
  return problems.map((problem) => `${relative(root, page)}: ${problem}`)
}

const problems = (await Promise.all(pagesBelow(root).map(problemsOf))).flat()
for (const problem of problems) console.log(problem)
process.exitCode = problems.length === 0 ? 0 : 1
