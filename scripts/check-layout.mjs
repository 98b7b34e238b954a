import { resolve } from 'node:path'
import { importDirection } from './layout/import-rules.mjs'
import { kebabCase, lockfileHosts, noUtilityFolders } from './layout/name-rules.mjs'
import {
  backendFiles,
  commandFiles,
  contractTestLength,
  coreAndCliFiles,
  folderNames,
} from './layout/package-rules.mjs'
import {
  backendNames,
  explicitExports,
  machinePaths,
  printing,
  skippedTests,
  timers,
  unnumberedNotes,
} from './layout/source-rules.mjs'
import { SourceTree } from './layout/source-tree.mjs'

const RULES = [
  folderNames,
  coreAndCliFiles,
  backendFiles,
  contractTestLength,
  commandFiles,
  importDirection,
  backendNames,
  timers,
  printing,
  explicitExports,
  skippedTests,
  unnumberedNotes,
  machinePaths,
  kebabCase,
  noUtilityFolders,
  lockfileHosts,
]

const tree = new SourceTree(resolve(process.argv[2] ?? `${import.meta.dirname}/..`))
const problems = RULES.flatMap((rule) => rule(tree).map((problem) => ({ rule: rule.name, ...problem })))
for (const { rule, path, line, text } of problems) {
  console.error(`${path}${line === undefined ? '' : `:${line}`}  ${text}  [${rule}]`)
}
process.exitCode = problems.length === 0 ? 0 : 1
