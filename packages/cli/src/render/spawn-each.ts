import type { SpawnEachDocument, SpawnedTask } from '@orch/core'
import { ERROR_EXIT_CODES, EXIT, WAIT_EXIT_CODES } from '../exit-codes.ts'
import { counted, oneLine, type Page, styled } from '../page.ts'
import { stateOf } from './agent.ts'
import { writeTurnEnd } from './turn-end.ts'

/** Without a terminal exactly the ids, one on each line, in the order of the tasks; with `--wait` the answers, each behind its id. */
export function writeSpawnedEach(page: Page, { results }: SpawnEachDocument): void {
  for (const result of results) {
    const { agent, outcome } = result
    if (outcome !== null) {
      page.line(styled('bold', agent.id))
      writeTurnEnd(page, agent.id, result)
    } else if (page.interactive)
      page.line(styled('bold', agent.id), '  ', stateOf(agent), '  ', oneLine(agent.reason.text))
    else page.line(agent.id)
  }
  writeErrors(page, results)
  if (page.interactive && results.some(({ outcome }) => outcome === null)) page.note('  → orch status')
}

/** What several failed of alike is said once, and of whom. */
function writeErrors(page: Page, results: readonly SpawnedTask[]): void {
  const alike = new Map<string, SpawnedTask[]>()
  for (const result of results) {
    if (result.error === null) continue
    const what = result.error.message.replaceAll(result.agent.id, '')
    const others = alike.get(what)
    if (others === undefined) alike.set(what, [result])
    else others.push(result)
  }
  for (const [first, ...more] of alike.values()) {
    page.note(`orch: ${first?.agent.id} (${first?.place}): ${oneLine(first?.error?.message ?? '')}`)
    if (more.length > 0)
      page.note(`orch: likewise ${counted(more.length, 'other')}: ${more.map(({ place }) => place).join(', ')}`)
  }
}

/** As `wait` has it where it waited; else of what could not be started: 45 when others could. */
export function spawnEachExitCode({ results }: SpawnEachDocument): number {
  const codes = results.map(codeOf)
  const failed = codes.filter((code) => code !== EXIT.ok)
  if (failed.length === 0) return EXIT.ok
  const isAwaited = results.some(({ outcome }) => outcome !== null)
  return isAwaited || failed.length === codes.length ? Math.min(...failed) : EXIT.partlyFailed
}

function codeOf({ outcome, error }: SpawnedTask): number {
  if (outcome !== null) return WAIT_EXIT_CODES[outcome]
  return error === null ? EXIT.ok : ERROR_EXIT_CODES[error.code]
}
