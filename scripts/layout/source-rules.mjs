import { lineAt, stringsOf } from './code-of.mjs'

const TIMING = 'packages/core/src/timing.ts'
const PACKAGE_SOURCES = /^packages\/[^/]+\/(src|bin)\/.*\.(ts|js)$/
const ALL_CODE = /\.(ts|mts|js|mjs|cjs)$/
const ALL_TEXT = /\.(ts|mts|js|mjs|cjs|json|md|ya?ml|sh|txt|snap)$|^\.ci\//
const TIMERS = /\b(?:setTimeout|setInterval|Atomics\.wait\w*|AbortSignal\.timeout|scheduler\.wait)\b/g
const TIMER_MODULES = /^(?:node:)?timers(?:\/promises)?$/
const SLEEP_COMMAND = /^sleep$|\bsleep\s+[\d.$"'{]/
const SKIPPED_TEST =
  /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|only|todo|failing)\b|\b(?:xit|xtest|xdescribe|fit|fdescribe)\s*\(/g
const UNNUMBERED_NOTE = /\b(?:TO[D]O|FIX[M]E)\b(?!\s*\(#\d+\))/g
const MACHINE_PATH = /(?<![\w.}-])\/(?:work|tmp\/brief)\//g

function matches(tree, paths, pattern, text) {
  return paths.flatMap((path) =>
    [...tree.code(path).matchAll(pattern)].map((match) => ({
      path,
      line: lineAt(tree.code(path), match.index),
      text: `${text}: ${match[0].trim()}`,
    })),
  )
}

function literals(tree, paths, isForbidden, text) {
  return paths.flatMap((path) =>
    stringsOf(tree.code(path))
      .filter(({ value }) => isForbidden(value))
      .map(({ value, offset }) => ({ path, line: lineAt(tree.code(path), offset), text: `${text}: "${value}"` })),
  )
}

/** Deadlines and re-checks live in one file; nothing else waits for time to pass. */
export function timers(tree) {
  const paths = tree.matching(PACKAGE_SOURCES).filter((path) => path !== TIMING)
  return [
    ...matches(tree, paths, TIMERS, `timer outside ${TIMING}`),
    ...literals(tree, paths, (value) => TIMER_MODULES.test(value), `timer outside ${TIMING}`),
    ...literals(tree, paths, (value) => SLEEP_COMMAND.test(value), 'fixed sleep in a command'),
  ]
}

/** Outside a backend's package nothing knows a backend by its name. */
export function backendNames(tree) {
  const names = tree
    .folders('packages')
    .filter((folder) => folder.startsWith('backend-'))
    .map((folder) => folder.slice('backend-'.length))
  if (names.length === 0) return []
  const paths = tree
    .matching(/^packages\/(core|cli)\/(src|bin)\/.*\.(ts|js)$/)
    .filter((path) => path !== 'packages/cli/src/backends.ts')
  const member = new RegExp(`(?<=[\\w)\\]])\\??\\.(?:${names.join('|')})\\b(?![-.\\w]*['"\`])`, 'g')
  return [
    ...literals(tree, paths, (value) => names.includes(value), 'backend named outside its package'),
    ...matches(tree, paths, member, 'backend named outside its package'),
  ]
}

/** Libraries print nothing (but the contract suite says which program it misses), and no code ends the process. */
export function printing(tree) {
  const libraries = tree
    .matching(PACKAGE_SOURCES)
    .filter((path) => !/^packages\/(cli|core\/src\/contract)\//.test(path))
  return [
    ...matches(tree, libraries, /\bconsole\.\w+|\bprocess\.(?:stdout|stderr)\b/g, 'a library prints'),
    ...matches(tree, tree.matching(PACKAGE_SOURCES), /\bprocess\.exit\s*\(/g, 'ends the process'),
  ]
}

export function explicitExports(tree) {
  return matches(tree, tree.matching(ALL_CODE), /^[ \t]*export\s*\*.*$/gm, 'exports must be named')
}

export function skippedTests(tree) {
  const paths = tree.matching(/\.test\.ts$|^tests\/.*\.ts$/)
  return matches(tree, paths, SKIPPED_TEST, 'skipped or focused test')
}

export function unnumberedNotes(tree) {
  return everyLine(tree, ALL_CODE, UNNUMBERED_NOTE, 'note without an issue number, write it as WORD(#12)')
}

/** Nothing in the repository depends on where one machine keeps it. */
export function machinePaths(tree) {
  return everyLine(tree, ALL_TEXT, MACHINE_PATH, 'path of one machine')
}

function everyLine(tree, files, pattern, text) {
  return tree.matching(files).flatMap((path) =>
    [...tree.text(path).matchAll(pattern)].map((match) => ({
      path,
      line: lineAt(tree.text(path), match.index),
      text: `${text}: ${match[0]}`,
    })),
  )
}
